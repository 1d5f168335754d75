// The workspace's sources and what they sent lately, as Home and Integrations read them.

import { useQuery } from "@tanstack/react-query";
import { api, data, JUST_READ } from "./api";
import { useWorkspaceId } from "./url";

/** How many of the latest deliveries are looked at. */
export const LATEST = 200;

export function useSources() {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["source", workspace],
    staleTime: JUST_READ,
    queryFn: async () => (await data(api.GET("/api/sources", { params: { query: { workspace, limit: 200 } } }))).data,
  });
}

/** The latest deliveries of the workspace, or of one source; read again every so many milliseconds. */
export function useLatestDeliveries(source?: string, every?: number) {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["delivery", "latest", workspace, source],
    staleTime: JUST_READ,
    queryFn: async () =>
      (await data(api.GET("/api/deliveries", { params: { query: { workspace, source, limit: LATEST } } }))).data,
    refetchInterval: every,
  });
}
