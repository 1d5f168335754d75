// A guess at whether the signed-in member has a password. The API does not tell; it is concluded from how they signed in and from the trail.

import { useQuery } from "@tanstack/react-query";

import { api, data, useSession } from "./api";

/** Concludes it for the member whose session it is. */
export async function hasPassword(me: string): Promise<boolean> {
  const { data: sessions } = await data(api.GET("/api/sessions"));
  if (sessions.some(({ opened_by }) => opened_by === "password")) return true;
  const { data: trail } = await data(api.GET("/api/activity", { params: { query: { limit: 200 } } }));
  return trail.some(({ action, actor_id, subject_id, metadata }) => {
    const isMine = subject_id === me || actor_id === me;
    const byPassword = action === "session.created" && "by" in metadata && metadata.by === "password";
    return (
      isMine && (action === "password.changed" || (action === "password.reset" && subject_id === me) || byPassword)
    );
  });
}

export function useHasPassword(): boolean | undefined {
  const me = useSession().data?.member.id;
  const known = useQuery({
    queryKey: ["has-password", me],
    enabled: me !== undefined,
    queryFn: () => hasPassword(me ?? ""),
  });
  return known.data;
}
