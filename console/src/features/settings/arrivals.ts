// The arrival of members: who invited each and when, read from the trail of activity. A person without an account is a member at
// once, and waits for their mail.

import { useQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../lib/api";
import type { Member } from "./member-panel";

type Activity = Schemas["PageView_Activity"]["data"][number];

export type Arrival = {
  at: string;
  /** The id of the person who invited them; missing for a key. */
  by?: string;
};

const readTrail = async (query: { action: string; actor?: string; limit: number }) =>
  (await data(api.GET("/api/activity", { params: { query } }))).data;

/** The last invitation of each member, by id. */
export function arrivalsIn(records: Activity[]): Map<string, Arrival> {
  const arrivals = new Map<string, Arrival>();
  for (const { subject_id, at, actor_kind, actor_id } of records) {
    const known = arrivals.get(subject_id);
    if (known && known.at >= at) continue;
    arrivals.set(subject_id, { at, ...(actor_kind === "person" && { by: actor_id }) });
  }
  return arrivals;
}

/** So many invitations are looked at, the latest ones. */
const LATEST = 100;
/** True until a member has come in for the first time. */
export const isWaiting = ({ status, joined_at }: Member) => status === "invited" || !joined_at;

export function useArrivals(members: Member[]): Map<string, Arrival> {
  const ids = members.map(({ id }) => id).join(" ");
  const trail = useQuery({
    queryKey: ["member", "arrivals", ids],
    queryFn: async () => {
      const actions = ["member.added", "member.invited"];
      const pages = await Promise.all(actions.map((action) => readTrail({ action, limit: LATEST })));
      return arrivalsIn(pages.flat());
    },
    placeholderData: (before) => before,
  });
  return trail.data ?? new Map<string, Arrival>();
}
