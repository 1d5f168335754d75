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

/** Fields that the server adds where a document is read by its key, and not to its versions. */
const ADDED: Partial<Record<ResourceType, Record<string, unknown>>> = { workflow: { categories: [], steps: [] } };

/** The document of a version, which never changes, with the fields that the document itself is read with. */
export const versionQuery = (type: ResourceType, id: string) =>
  queryOptions({
    queryKey: ["commit", id],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<object> => {
      const { document } = await data(api.GET("/v1/commits/{id}", { params: { path: { id } } }));
      return withAdded(type, documentOf(document as ServerFields));
    },
  });

export function withAdded(type: ResourceType, document: object): object {
  const missing = Object.entries(ADDED[type] ?? {}).filter(([name]) => !(name in document));
  return { ...document, ...Object.fromEntries(missing) };
}

/** True if the draft differs from the newest commit. */
export function useIsAhead(type: ResourceType, stored: ServerFields): boolean {
  const versions = useVersions(type, stored.key);
  const newest = versions.data?.[0];
  const current = useQuery({ ...versionQuery(type, newest?.id ?? ""), enabled: newest !== undefined });
  if (!versions.data) return false;
  return !newest || (current.data !== undefined && !isSame(documentOf(stored), current.data));
}
