// Which application the pages are of, and what is asked of it.

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, use } from "react";

import type { Attempt, Endpoint, EventType, Message, Method, Page, Webhooks } from "./client";

export const WebhooksContext = createContext<Webhooks | undefined>(undefined);

export function useWebhooks(): Webhooks {
  const webhooks = use(WebhooksContext);
  if (!webhooks) throw new Error("these pages stand within a WebhooksContext");
  return webhooks;
}

/** Reads one thing. */
export function useRead<T>(path: string, options: { enabled?: boolean; every?: number } = {}) {
  const { ask } = useWebhooks();
  return useQuery({
    queryKey: ["webhooks", path],
    queryFn: () => ask<T>("GET", path),
    enabled: options.enabled ?? true,
    refetchInterval: options.every,
  });
}

/** Reads a list, page by page. */
function useList<T>(path: string, every?: number) {
  const { ask } = useWebhooks();
  return useInfiniteQuery({
    queryKey: ["webhooks", path],
    queryFn: ({ pageParam }) => ask<Page<T>>("GET", pageParam ? `${path}${path.includes("?") ? "&" : "?"}iterator=${pageParam}` : path),
    initialPageParam: "",
    getNextPageParam: (last) => (last.done ? undefined : (last.iterator ?? undefined)),
    refetchInterval: every,
  });
}

/** How often lists of what goes on are looked at again, in milliseconds. */
const OFTEN = 5_000;

export const useEndpoints = () => useList<Endpoint>("/endpoint?limit=50");
export const useMessages = (filter: string) => useList<Message>(`/msg?limit=30${filter}`, OFTEN);
export const useAttempts = (endpoint: string, filter: string) =>
  useList<Attempt>(`/attempt/endpoint/${endpoint}?limit=20&with_content=true${filter}`, OFTEN);
export const useEventTypes = () => useList<EventType>("-/event-type?limit=250&with_content=true");

export type ListOf<T> = ReturnType<typeof useList<T>>;

/** Does something, and has everything that is shown read anew. */
export function useDo<Body = void, Answer = unknown>(method: Method, path: string) {
  const { ask } = useWebhooks();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body) => ask<Answer>(method, path, body ?? undefined),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
}

/** Removes something, and leaves its page before what is shown is read anew. */
export function useRemove(path: string, leave: () => Promise<void>) {
  const { ask } = useWebhooks();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => ask("DELETE", path),
    onSuccess: async () => {
      await leave();
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
}
