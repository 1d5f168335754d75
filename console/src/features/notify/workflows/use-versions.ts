// The commits of one workflow, newest first.

import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../../lib/api";
import { isSame } from "../../../lib/json";
import type { Workflow } from "../../../lib/knock";
import { documentOf } from "./document";

export type Commit = Schemas["KnockCommit"];

/** So many are read, and shown; whoever needs an older one asks the API. */
const MOST = 50;

export async function commitsOf(key: string): Promise<Commit[]> {
  const query = { resource_type: "workflow", resource_id: key, page_size: MOST };
  return (await data(api.GET("/v1/commits", { params: { query } }))).entries;
}

export const useVersions = (key: string) => useQuery({ queryKey: ["commits", key], queryFn: () => commitsOf(key) });

/** The document of a version, which never changes. */
export const versionQuery = (id: string) =>
  queryOptions({
    queryKey: ["commit", id],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const { document } = await data(api.GET("/v1/commits/{id}", { params: { path: { id } } }));
      return documentOf(document as Workflow);
    },
  });

/** Whether the draft differs from the version that runs use. */
export function useIsAhead(workflow: Workflow): boolean {
  const versions = useVersions(workflow.key);
  const newest = versions.data?.[0];
  const current = useQuery({ ...versionQuery(newest?.id ?? ""), enabled: newest !== undefined });
  if (!versions.data) return false;
  return !newest || (current.data !== undefined && !isSame(documentOf(workflow), current.data));
}
