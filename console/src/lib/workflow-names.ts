// All workflows, for lists and for names instead of keys.

import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, data } from "./api";
import { everyPage, type Workflow } from "./knock";
import { useCan } from "./role";

const all = () => everyPage<Workflow>((query) => data(api.GET("/v1/workflows", { params: { query } })));

export const workflowsQuery = queryOptions({ queryKey: ["workflow-list"], queryFn: all, staleTime: 10_000 });

export const useWorkflows = () => useQuery(workflowsQuery);

/** Names by key; none for members who may not read workflows. */
export function useWorkflowNames(): Record<string, string> {
  const { configure: mayRead } = useCan();
  const { data } = useQuery({ ...workflowsQuery, enabled: mayRead });
  return Object.fromEntries((data ?? []).map(({ key, name }) => [key, name || key]));
}
