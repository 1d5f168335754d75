// The queries of Home, each made once, however many parts of the page show it.

import { useQuery } from "@tanstack/react-query";
import { api, data, useNotifications } from "../../lib/api";
import { CHANNEL_NAMES } from "../../lib/knock";
import { isDeliverySource, sourceTitle, useLatestDeliveries, useSources } from "../../lib/sources";
import { useWorkspaceId } from "../../lib/url";
import { type Count, type EndpointHealth, type Facts, failingChannels } from "./needs";

const MINUTE = 60_000;
const PAGE = 100;

const counted = ({ data, next }: { data: unknown[]; next?: string | null }): Count => ({
  count: data.length,
  more: Boolean(next),
});

export function useDeliveryCount(status: "received" | "failed") {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["delivery", "count", status, workspace],
    queryFn: async () =>
      counted(await data(api.GET("/api/deliveries", { params: { query: { workspace, status, limit: PAGE } } }))),
  });
}

/** Asks for each endpoint's last day; of more than so many the rest is not asked. */
const MOST_ENDPOINTS = 20;

export function useEndpoints() {
  const app = useWorkspaceId();
  return useQuery({
    queryKey: ["endpoint-health", app],
    refetchInterval: MINUTE / 3,
    queryFn: async (): Promise<EndpointHealth[]> => {
      const { data: endpoints } = await data(
        api.GET("/api/v1/app/{app}/endpoint", { params: { path: { app }, query: { limit: MOST_ENDPOINTS } } }),
      );
      const since = new Date(Date.now() - 24 * 60 * MINUTE).toISOString();
      return Promise.all(
        endpoints.map(async ({ id, description, url, disabled }) => {
          const { success, fail } = await data(
            api.GET("/api/v1/app/{app}/endpoint/{endpoint}/stats", {
              params: { path: { app, endpoint: id }, query: { since } },
            }),
          );
          return { id, name: description || url, url, disabled: disabled ?? false, success, fail };
        }),
      );
    },
  });
}

/** The attempts of a day at the endpoints of all applications. */
export function useWebhookStatistics() {
  return useQuery({
    queryKey: ["webhook-statistics"],
    refetchInterval: MINUTE / 3,
    queryFn: () => data(api.GET("/api/webhooks/statistics")),
  });
}

export type Window = "24h" | "7d";

export function useStatistics(name: string | undefined, window: Window) {
  return useQuery({
    queryKey: ["statistics", name, window],
    refetchInterval: MINUTE,
    queryFn: () => data(api.GET("/api/jobs/statistics", { params: { query: { name, window } } })),
  });
}

function useFailed(kind: "jobs" | "runs") {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["failed", kind, workspace],
    refetchInterval: MINUTE,
    queryFn: async () => {
      const params = { query: { workspace, status: "failed", limit: 50 } };
      return counted(
        kind === "jobs" ? await data(api.GET("/api/jobs", { params })) : await data(api.GET("/api/runs", { params })),
      );
    },
  });
}

/** Everything from which it is told what needs somebody; what could not be read is left out, and named. */
export function useFacts(): { facts: Facts; isPending: boolean; errors: Error[]; retry: () => void } {
  const workspace = useWorkspaceId();
  const queries = {
    sources: useSources(),
    deliveries: useLatestDeliveries(),
    failed: useDeliveryCount("failed"),
    jobs: useFailed("jobs"),
    runs: useFailed("runs"),
    endpoints: useEndpoints(),
    notifications: useNotifications(workspace),
  };
  const { sources, deliveries, failed, jobs, runs, endpoints, notifications } = queries;
  const seen = new Set(deliveries.data?.map(({ source_id }) => source_id));
  // Of a full page it is not known what came before it. A linked resource in which nothing happens needs nobody.
  const knowsAll = deliveries.data !== undefined && deliveries.data.length < PAGE;
  const silent = knowsAll
    ? sources.data
        ?.filter((source) => isDeliverySource(source) && !source.resource && !seen.has(source.id))
        .map((source) => ({ id: source.id, title: sourceTitle(source) }))
    : undefined;
  const all = Object.values(queries);
  return {
    facts: {
      workspace,
      failedDeliveries: failed.data,
      deadLetters: jobs.data,
      failedRuns: runs.data,
      endpoints: endpoints.data,
      channels:
        notifications.data && failingChannels(notifications.data.data, (channel) => CHANNEL_NAMES[channel] ?? channel),
      silent,
    },
    isPending: all.some(({ isPending }) => isPending),
    errors: all.flatMap(({ error }) => error ?? []),
    retry: () => {
      for (const query of all) if (query.isError) void query.refetch();
    },
  };
}

export function useSignificant(threshold: number) {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["observation", "significant", workspace, threshold],
    queryFn: async () =>
      (
        await data(
          api.GET("/api/observations", { params: { query: { workspace, min_significance: threshold, limit: 8 } } }),
        )
      ).data,
  });
}
