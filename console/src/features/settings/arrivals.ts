// How members came in: who invited each and when, and whether they have signed in since. Read from the trail of activity, as
// the list of members does not have it; a person without an account is a member at once, and waits for their mail.

import { useQueries, useQuery } from "@tanstack/react-query";

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
/** So often, in milliseconds, it is looked whether somebody has signed in. */
const EVERY = 10_000;

export function useArrivals(members: Member[]): { arrivals: Map<string, Arrival>; isWaiting: (id: string) => boolean } {
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
  const arrivals = trail.data ?? new Map<string, Arrival>();
  const added = members.filter(({ id, status }) => status !== "invited" && arrivals.has(id));
  const signedIn = useQueries({
    queries: added.map(({ id }) => ({
      queryKey: ["member", "signed-in", id],
      queryFn: async () => (await readTrail({ action: "session.created", actor: id, limit: 1 })).length > 0,
      refetchInterval: ({ state }: { state: { data: boolean | undefined } }) => (state.data ? false : EVERY),
    })),
  });
  const waiting = new Set(added.filter((_, at) => signedIn[at]?.data === false).map(({ id }) => id));
  for (const { id, status } of members) if (status === "invited") waiting.add(id);
  return { arrivals, isWaiting: (id) => waiting.has(id) };
}
