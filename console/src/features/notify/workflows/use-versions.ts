// The commits of one workflow, newest first.

import { useQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../../lib/api";
import type { Workflow } from "../../../lib/knock";

export type Commit = Schemas["KnockCommit"];

/** So many are read, and shown; whoever needs an older one asks the API. */
const MOST = 50;

export async function commitsOf(key: string): Promise<Commit[]> {
  const query = { resource_type: "workflow", resource_id: key, page_size: MOST };
  return (await data(api.GET("/v1/commits", { params: { query } }))).entries;
}

export const useVersions = (key: string) => useQuery({ queryKey: ["commits", key], queryFn: () => commitsOf(key) });

/** A draft and its commit are written at about the same time. */
const TOGETHER = 2_000;

/** Whether the draft was saved after the last commit. */
export function isAhead(workflow: Pick<Workflow, "updated_at">, versions: Pick<Commit, "created_at">[]): boolean {
  const last = versions[0];
  return !last || new Date(workflow.updated_at).getTime() - new Date(last.created_at).getTime() > TOGETHER;
}
