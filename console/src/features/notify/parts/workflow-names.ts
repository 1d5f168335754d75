// All workflows, for lists and for names instead of keys.

import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, data } from "../../../lib/api";
import type { Workflow } from "../../../lib/knock";
import { everyPage } from "./stored-document";

const all = () => everyPage<Workflow>((query) => data(api.GET("/v1/workflows", { params: { query } })));

export const workflowsQuery = queryOptions({ queryKey: ["workflow-list"], queryFn: all, staleTime: 10_000 });

export const useWorkflows = () => useQuery(workflowsQuery);

/** Names by key. */
export function useWorkflowNames(): Record<string, string> {
  const { data } = useWorkflows();
  return Object.fromEntries((data ?? []).map(({ key, name }) => [key, name || key]));
}
