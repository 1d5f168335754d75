// All workflows, for lists and for names instead of keys.

import { useQuery } from "@tanstack/react-query";

import { api, data } from "../../../lib/api";
import type { Workflow } from "../../../lib/knock";

const PAGES = 20;

async function all(): Promise<Workflow[]> {
  const found: Workflow[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const read = await data(
      api.GET("/v1/workflows", { params: { query: { page_size: 50, ...(after && { after }) } } }),
    );
    found.push(...read.entries);
    after = read.page_info.after ?? undefined;
    if (!after) break;
  }
  return found;
}

export const useWorkflows = () => useQuery({ queryKey: ["workflow-list"], queryFn: all, staleTime: 10_000 });

/** Names by key. */
export function useWorkflowNames(): Record<string, string> {
  const { data } = useWorkflows();
  return Object.fromEntries((data ?? []).map(({ key, name }) => [key, name || key]));
}
