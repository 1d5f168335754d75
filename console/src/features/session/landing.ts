// Where somebody goes who came by a link: to where they wanted, but first to choose a password if they have none.

import { api, data } from "../../lib/api";

export async function landing(next?: string): Promise<string> {
  const to = next && /^\/(?![/\\])/.test(next) ? next : "/";
  const { has_password, workspaces } = await data(api.GET("/api/session"));
  const workspace = workspaces[0];
  if (!workspace) return to;
  return has_password ? to : `/w/${workspace.id}/first-run`;
}
