// The documents of a linked source: the configuration that says which they are, and the syncs that bring them.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, data, JUST_READ, type Schemas } from "../../../lib/api";
import type { Source } from "../../../lib/sources";

export type SourceDocuments = Schemas["SourceDocuments"];
export type Configuration = Schemas["SourceConfiguration"];
export type DocumentSync = Schemas["DocumentSync"];

/** The time between two reads while a sync is under way, and else. */
const WHILE_SYNCING = 2_000;
const OTHERWISE = 30_000;

export const isUnderWay = ({ status }: Pick<DocumentSync, "status">) => status === "queued" || status === "running";

/** The documents of a source; nothing is asked of one that was set up by hand, which has none. */
export function useSourceDocuments({ id, resource }: Pick<Source, "id" | "resource">) {
  return useQuery({
    queryKey: ["source-documents", id],
    enabled: Boolean(resource),
    staleTime: JUST_READ,
    refetchInterval: ({ state }) => (state.data?.syncs.some(isUnderWay) ? WHILE_SYNCING : OTHERWISE),
    queryFn: () => data(api.GET("/api/sources/{id}/documents", { params: { path: { id } } })),
  });
}

function useDocumentsChanged(source: string) {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: ["source-documents", source] });
}

/** Asks for a sync of all documents of a source. */
export function useSync(source: string) {
  const changed = useDocumentsChanged(source);
  return useMutation({
    mutationFn: () => data(api.POST("/api/sources/{id}/sync", { params: { path: { id: source } } })),
    onSuccess: changed,
  });
}

/** Looks for the configuration file of a repository. */
export function useDetection(source: string) {
  const changed = useDocumentsChanged(source);
  return useMutation({
    mutationFn: () => data(api.POST("/api/sources/{id}/detect-config", { params: { path: { id: source } } })),
    onSuccess: changed,
  });
}
