// Linked resources: those of a connection that are sources of workspaces, and how they are linked and unlinked.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, data, useSession } from "../../../lib/api";
import { paths } from "../../../lib/paths";
import { placeName, type Source } from "../sources";
import type { Resource } from "./connections";

/** So many pages of the sources of a workspace are read at most. */
const PAGES = 5;
/** Other people link and unlink too. */
const LOOK = 15_000;

export const useWorkspaces = () => useSession().data?.workspaces ?? [];

/** The sources that are resources of a connection, in all workspaces, by name. */
export function useLinkedSources(connection: string) {
  const workspaces = useWorkspaces().map(({ id }) => id);
  return useQuery({
    queryKey: ["source", "linked", connection, workspaces.join(" ")],
    enabled: workspaces.length > 0,
    refetchInterval: LOOK,
    queryFn: async () => {
      const found = (await Promise.all(workspaces.map(sourcesOf))).flat();
      const linked = found.filter(({ resource }) => resource?.connection_id === connection);
      return linked.sort((one, other) => placeName(one).localeCompare(placeName(other)));
    },
  });
}

async function sourcesOf(workspace: string): Promise<Source[]> {
  const found: Source[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const read = await data(api.GET("/api/sources", { params: { query: { workspace, limit: 200, cursor } } }));
    found.push(...read.data);
    cursor = read.next ?? undefined;
    if (!cursor) break;
  }
  return found;
}

/** The page of a source, in its own workspace. */
export const placeOf = ({ id, workspace_id }: Pick<Source, "id" | "workspace_id">) =>
  `/w/${workspace_id}${paths.source(id)}`;

function useLinksChanged(connection: string) {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ queryKey: ["source"] });
    void queries.invalidateQueries({ queryKey: ["list", "connection-resources", connection] });
  };
}

/** Links resources to a workspace: all of them, or none. */
export function useLink(connection: string) {
  const changed = useLinksChanged(connection);
  return useMutation({
    mutationFn: ({ workspace, resources }: { workspace: string; resources: Resource[] }) => {
      const chosen = resources.map(({ kind, provider_id }) => ({ kind, provider_id }));
      const body = { connection, resources: chosen };
      return data(api.POST("/api/workspaces/{id}/sources", { params: { path: { id: workspace } }, body }));
    },
    // A refusal tells of something that the list does not show yet.
    onSettled: changed,
  });
}

export function useUnlink(connection: string) {
  const changed = useLinksChanged(connection);
  return async (source: string, deletesDocuments: boolean) => {
    const params = { path: { id: source }, query: { delete_documents: deletesDocuments } };
    await data(api.DELETE("/api/sources/{id}", { params }));
    changed();
  };
}
