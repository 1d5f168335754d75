// Where somebody goes who came by a link: to where they wanted, but first to choose a password if they have none.

import { api, data } from "../../lib/api";
import { hasPassword } from "../../lib/password";

export async function landing(next?: string): Promise<string> {
  const to = next && /^\/(?![/\\])/.test(next) ? next : "/";
  const { member, workspaces } = await data(api.GET("/api/session"));
  const workspace = workspaces[0];
  if (!workspace) return to;
  // The check for a workspace is only a help on the way in: without an answer they go on.
  const knows = await hasPassword(member.id).catch(() => true);
  return knows ? to : `/w/${workspace.id}/first-run`;
}
