// The workspace's sources and what they sent lately, as Home and Integrations read them.

import { useQuery } from "@tanstack/react-query";
import { api, data, JUST_READ } from "./api";
import { useWorkspaceId } from "./url";

/** How many of the latest deliveries are looked at: the API has no filter by source. */
export const LATEST = 200;

export function useSources() {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["source", workspace],
    staleTime: JUST_READ,
    queryFn: async () => (await data(api.GET("/api/sources", { params: { query: { workspace, limit: 200 } } }))).data,
  });
}

export function useLatestDeliveries(every?: number) {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["delivery", "latest", workspace],
    staleTime: JUST_READ,
    queryFn: async () =>
      (await data(api.GET("/api/deliveries", { params: { query: { workspace, limit: LATEST } } }))).data,
    refetchInterval: every,
  });
}
