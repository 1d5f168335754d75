// Which application the pages are of, who looks at them, and what is asked of the server.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { createContext, use, useCallback } from "react";

import { type Answer, ApiError, type Client, data } from "../../lib/api";
import { svixPage, useList } from "../../lib/list";
import { allEventTypes, type Capability, type SvixPage } from "./client";
import type { Places } from "./places";

/** One application, as the member or the holder of a portal's link may work with it. */
export type Webhooks = {
  svix: Client;
  /** The application's id or uid, which stands in the paths of what is asked of it. */
  app: string;
  can: (capability: Capability) => boolean;
  host: "console" | "portal";
  places: Places;
  /** The application's name; the portal's holder knows it. */
  name?: string;
};

export const WebhooksContext = createContext<Webhooks | undefined>(undefined);

export function useWebhooks(): Webhooks {
  const webhooks = use(WebhooksContext);
  if (!webhooks) throw new Error("these pages stand within a WebhooksContext");
  return webhooks;
}

/** The key of a query; with it, the same is read once for all who show it. */
type Key = (string | number | undefined)[];

/** Reads one thing. */
export function useRead<T>(
  key: Key,
  ask: (webhooks: Webhooks) => Promise<Answer<T>>,
  options: { enabled?: boolean; every?: number; staleTime?: number } = {},
) {
  const webhooks = useWebhooks();
  return useQuery({
    queryKey: ["webhooks", webhooks.app, ...key],
    queryFn: () => data(ask(webhooks)),
    enabled: options.enabled ?? true,
    refetchInterval: options.every,
    staleTime: options.staleTime,
  });
}

/** Reads one thing that may not be set: then it is null. */
export function useOptional<T>(key: Key, ask: (webhooks: Webhooks) => Promise<Answer<T>>) {
  const webhooks = useWebhooks();
  return useQuery({
    queryKey: ["webhooks", webhooks.app, ...key],
    queryFn: () =>
      data(ask(webhooks)).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }),
  });
}

/** How often lists of what goes on are looked at again, in milliseconds. */
export const OFTEN = 5_000;

type ListOptions = { every?: number; enabled?: boolean };

/** Reads a list of the application, page by page. */
export function useSvixList<T extends { id: string }>(
  key: Key,
  ask: (webhooks: Webhooks, iterator?: string) => Promise<Answer<SvixPage<T>>>,
  options: ListOptions = {},
) {
  const webhooks = useWebhooks();
  return useList<T>({
    key: ["webhooks", webhooks.app, ...key],
    page: async (cursor) => svixPage(await data(ask(webhooks, cursor))),
    idOf: ({ id }) => id,
    ...options,
  });
}

export const useEndpoint = (id: string | undefined) =>
  useRead(
    ["endpoint", id],
    ({ svix, app }) =>
      svix.GET("/api/v1/app/{app}/endpoint/{endpoint}", { params: { path: { app, endpoint: id ?? "" } } }),
    { enabled: id !== undefined },
  );

/** All event types that may be chosen. */
export function useEventTypes() {
  const { svix, app } = useWebhooks();
  return useQuery({
    queryKey: ["webhooks", app, "event types"],
    queryFn: () => allEventTypes(svix),
    staleTime: 30_000,
  });
}

/** Has everything that is shown of webhooks read anew. */
export function useRefresh() {
  const queries = useQueryClient();
  return useCallback(
    () =>
      queries.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[queryKey[0] === "list" ? 1 : 0] === "webhooks",
      }),
    [queries],
  );
}

/** Does something, and has everything that is shown read anew. */
export function useDo<T, Body = void>(
  act: (webhooks: Webhooks, body: Body) => Promise<Answer<T>>,
  onDone?: (result: T, body: Body) => void,
) {
  const webhooks = useWebhooks();
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: Body) => data(act(webhooks, body)),
    onSuccess: async (result, body) => {
      onDone?.(result, body);
      await refresh();
    },
  });
}

/** Removes something, and leaves its page before what is shown is read anew. */
export function useRemove(act: (webhooks: Webhooks) => Promise<Answer<unknown>>, leave: () => unknown) {
  const webhooks = useWebhooks();
  const refresh = useRefresh();
  return async () => {
    await data(act(webhooks));
    await leave();
    await refresh();
  };
}

/** A part of the address. */
export function usePart(name: "app" | "endpoint" | "message" | "name"): string | undefined {
  return (useParams({ strict: false }) as Record<string, string | undefined>)[name];
}
