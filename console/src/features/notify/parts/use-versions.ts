// The commits of one document, newest first.

import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../../lib/api";
import { isSame } from "../../../lib/json";
import { documentOf, type ResourceType, type ServerFields } from "./stored-document";

export type Commit = Schemas["KnockCommit"];

/** So many are read and shown; older ones are found by the API. */
const MOST = 50;

async function commitsOf(type: ResourceType, key: string): Promise<Commit[]> {
  const query = { resource_type: type, resource_id: key, page_size: MOST };
  return (await data(api.GET("/v1/commits", { params: { query } }))).entries;
}

export const versionsKey = (type: ResourceType, key: string) => ["commits", type, key];

export const useVersions = (type: ResourceType, key: string) =>
  useQuery({ queryKey: versionsKey(type, key), queryFn: () => commitsOf(type, key) });

/** The document of a version, which never changes. */
export const versionQuery = (id: string) =>
  queryOptions({
    queryKey: ["commit", id],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const { document } = await data(api.GET("/v1/commits/{id}", { params: { path: { id } } }));
      return documentOf(document as ServerFields) as object;
    },
  });

/** True if the draft differs from the newest commit. */
export function useIsAhead(type: ResourceType, stored: ServerFields): boolean {
  const versions = useVersions(type, stored.key);
  const newest = versions.data?.[0];
  const current = useQuery({ ...versionQuery(newest?.id ?? ""), enabled: newest !== undefined });
  if (!versions.data) return false;
  return !newest || (current.data !== undefined && !isSame(documentOf(stored), current.data));
}
