// The engine's part of the API: runs of workflows, jobs, and their statistics.

import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { api, data, type Schemas } from "../../lib/api";

export type Run = Schemas["RunSummary"];
export type RunDetail = Schemas["RunDetail"];
export type Step = Schemas["StepView"];
export type Statistics = Schemas["Statistics"];
export type Workflow = Schemas["WorkflowView"];
export type Schedule = Schemas["Schedule"];
export type BulkCancel = Schemas["BulkCancel"];
export type RunStatus = Schemas["Status"];
export type Window = "24h" | "7d" | "30d";
/** Runs have steps; jobs are a single piece of work. */
export type Kind = "runs" | "jobs";

export const STATUSES: { value: RunStatus; title: string }[] = [
  { value: "queued", title: "Queued" },
  { value: "running", title: "Running" },
  { value: "waiting", title: "Waiting" },
  { value: "completed", title: "Completed" },
  { value: "failed", title: "Failed" },
  { value: "cancelled", title: "Cancelled" },
];

export const isActive = ({ status }: Pick<Run, "status">) =>
  status === "queued" || status === "running" || status === "waiting";
export const isOver = (run: Pick<Run, "status">) => !isActive(run);
/** True if it can go on from where it stopped. */
export const canRetry = ({ status }: Pick<Run, "status">) => status === "failed" || status === "cancelled";

export const readRun = (id: string) => data(api.GET("/api/runs/{id}", { params: { path: { id } } }));
export const cancelRun = (id: string) =>
  data(api.POST("/api/runs/{id}/cancel", { params: { path: { id } }, body: { reason: "cancelled in the console" } }));
export const retryRun = (id: string) => data(api.POST("/api/runs/{id}/retry", { params: { path: { id } } }));

export type RunsAsked = {
  name?: string;
  status?: string;
  after?: string;
  before?: string;
  cursor?: string;
  limit?: number;
};

export async function readRuns(kind: Kind, query: RunsAsked) {
  const params = { params: { query } };
  const { data: items, next } = await data(
    kind === "runs" ? api.GET("/api/runs", params) : api.GET("/api/jobs", params),
  );
  return { items, next };
}

export const readStatistics = (kind: Kind, query: { name?: string; window: Window }) => {
  const params = { params: { query } };
  return data(kind === "runs" ? api.GET("/api/runs/statistics", params) : api.GET("/api/jobs/statistics", params));
};

export const readWorkflows = async () => (await data(api.GET("/api/workflows"))).data;
/** Kinds of jobs have no versions. */
export const kindOf = ({ version }: Pick<Workflow, "version">): Kind => (version === 0 ? "jobs" : "runs");

/** Has everything that is shown of the engine read anew. */
export function useRefresh() {
  const queries = useQueryClient();
  return useCallback(
    () =>
      queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[queryKey[0] === "list" ? 1 : 0] === "engine" }),
    [queries],
  );
}
