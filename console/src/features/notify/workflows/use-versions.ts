// The commits of one workflow, newest first. The API lists those of everything together: they are read until there are no more.

import { useQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../../lib/api";
import type { Workflow } from "../../../lib/knock";

export type Commit = Schemas["KnockCommit"];

const PAGES = 10;

export async function commitsOf(key: string): Promise<Commit[]> {
  const all: Commit[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const read = await data(api.GET("/v1/commits", { params: { query: { page_size: 50, ...(after && { after }) } } }));
    all.push(...read.entries.filter(({ resource }) => resource.type === "workflow" && resource.identifier === key));
    after = read.page_info.after ?? undefined;
    if (!after) break;
  }
  return all;
}

export const useVersions = (key: string) => useQuery({ queryKey: ["commits", key], queryFn: () => commitsOf(key) });

/** A draft and its commit are written at about the same time. */
const TOGETHER = 2_000;

/** Whether the draft was saved after the last commit. */
export function isAhead(workflow: Pick<Workflow, "updated_at">, versions: Pick<Commit, "created_at">[]): boolean {
  const last = versions[0];
  return !last || new Date(workflow.updated_at).getTime() - new Date(last.created_at).getTime() > TOGETHER;
}
