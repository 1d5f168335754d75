// Backfills: the history of a connected account that comes along, what it would be, and how it is begun and cancelled.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../../../lib/api";

export type Backfill = Schemas["Backfill"];
export type Stretch = Schemas["PullRun"];
export type Estimate = Schemas["BackfillEstimate"];

/** The days that a backfill may go back. */
export const DEPTHS = [1, 7, 30, 90] as const;

/** The time between two reads: while one is under way, and else. News of the workspace that is looked at come earlier. */
const WHILE_ACTIVE = 3_000;
const OTHERWISE = 30_000;
const SHOWN = 20;
const MINUTE = 60_000;

/** The newest backfills of a connection, newest first. */
export function useBackfills(connection: string) {
  return useQuery({
    queryKey: ["backfill", "of", connection],
    refetchInterval: ({ state }) => (state.data?.some(isActive) ? WHILE_ACTIVE : OTHERWISE),
    queryFn: async () => {
      const params = { path: { id: connection }, query: { limit: SHOWN } };
      return (await data(api.GET("/api/connections/{id}/backfills", { params }))).data;
    },
  });
}

export const isActive = ({ status }: Pick<Backfill, "status">) => status === "active";

/** A backfill with its stretches. */
export function useBackfill(id: string) {
  return useQuery({
    queryKey: ["backfill", id],
    refetchInterval: ({ state }) => (state.data && isActive(state.data) ? WHILE_ACTIVE : false),
    queryFn: () => data(api.GET("/api/backfills/{id}", { params: { path: { id } } })),
  });
}

/** The size of a backfill of all kinds. The provider is asked for it, so it is not asked again at once. */
export function useEstimate(connection: string, depth: number) {
  return useQuery({
    queryKey: ["backfill-estimate", connection, depth],
    staleTime: MINUTE,
    retry: false,
    refetchOnWindowFocus: false,
    queryFn: () => {
      const params = { path: { id: connection } };
      return data(api.POST("/api/connections/{id}/backfills/estimate", { params, body: { depth } }));
    },
  });
}

function useBackfillsChanged() {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ queryKey: ["backfill"] });
    void queries.invalidateQueries({ queryKey: ["backfill-estimate"] });
  };
}

export function useBeginBackfill(connection: string) {
  const changed = useBackfillsChanged();
  return useMutation({
    mutationFn: (body: { depth: number; kinds?: string[] }) =>
      data(api.POST("/api/connections/{id}/backfills", { params: { path: { id: connection } }, body })),
    // A refusal tells of another backfill.
    onSettled: changed,
  });
}

export function useCancelBackfill(id: string) {
  const changed = useBackfillsChanged();
  return async () => {
    await data(api.DELETE("/api/backfills/{id}", { params: { path: { id } } }));
    changed();
  };
}
