// Linked resources: those of a connection that are sources of workspaces, and how they are linked and unlinked.

import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";

import { api, data, useSession } from "../../../lib/api";
import { paths } from "../../../lib/paths";
import { placeName, type Source, sourcesQuery } from "../../../lib/sources";
import type { Resource } from "./connections";

/** Other people link and unlink too. */
const LOOK = 15_000;

export const useWorkspaces = () => useSession().data?.workspaces ?? [];

/** The sources that are resources of a connection, in all workspaces, by name. */
export function useLinkedSources(connection: string) {
  const workspaces = useWorkspaces();
  return useQueries({
    queries: workspaces.map(({ id }) => ({ ...sourcesQuery(id), refetchInterval: LOOK })),
    combine: (answers) => {
      const isPending = answers.length === 0 || answers.some((answer) => answer.isPending);
      const error = answers.find((answer) => answer.error)?.error ?? undefined;
      const all = answers.flatMap((answer) => answer.data ?? []);
      const refetch = () => {
        for (const answer of answers) if (answer.isError) void answer.refetch();
      };
      return { isPending, error, refetch, data: isPending || error ? undefined : linkedOf(all, connection) };
    },
  });
}

function linkedOf(sources: Source[], connection: string): Source[] {
  const linked = sources.filter(({ resource }) => resource?.connection_id === connection);
  return linked.sort((one, other) => placeName(one).localeCompare(placeName(other)));
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
