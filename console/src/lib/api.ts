// The client of our own API, typed from the server's OpenAPI document, and the queries that pages share.

import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import createClient from "openapi-fetch";

import type { components, paths } from "./schema";

export type Observation = components["schemas"]["Observation"];
export type Delivery = components["schemas"]["DeliverySummary"];
export type Notification = components["schemas"]["NotificationSummary"];
export type Attempt = components["schemas"]["AttemptView"];

export const api = createClient<paths>({ baseUrl: "/" });

/** An answer that was not a success, with the server's own sentence. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the same request may be answered otherwise in a moment: 4xx are not, but for 408 and 429. */
export function isPassing(error: unknown): boolean {
  const status = error instanceof ApiError ? error.status : 0;
  return status < 400 || status >= 500 || status === 408 || status === 429;
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** The data of an answer, or its error thrown. */
export async function data<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) {
    const message = (error as { message?: string } | undefined)?.message;
    throw new ApiError(response.status, message ?? `the server answered ${response.status}`);
  }
  return data as T;
}

/** How often it is tried whether the server is back. */
const AGAIN = 3_000;

export const useSession = () =>
  useQuery({
    queryKey: ["session"],
    queryFn: () => data(api.GET("/api/session")),
    refetchInterval: ({ state }) => (state.status === "error" && isPassing(state.error) ? AGAIN : false),
  });

/** The workspace that the address names, or else the first. */
export function useWorkspace() {
  const { workspace } = useSearch({ strict: false }) as { workspace?: string };
  const session = useSession();
  const all = session.data?.workspaces ?? [];
  return all.find(({ id }) => id === workspace) ?? all[0];
}

const page = (workspace: string) => ({ params: { query: { limit: 30, workspace } } });

export const useObservations = (workspace: string) =>
  useQuery({ queryKey: ["observation", workspace], queryFn: () => data(api.GET("/api/observations", page(workspace))) });
export const useDeliveries = (workspace: string) =>
  useQuery({ queryKey: ["delivery", workspace], queryFn: () => data(api.GET("/api/deliveries", page(workspace))) });
export const useNotifications = (workspace: string) =>
  useQuery({ queryKey: ["notification", workspace], queryFn: () => data(api.GET("/api/notifications", page(workspace))) });
export const useAttempts = (workspace: string) =>
  useQuery({ queryKey: ["attempt", workspace], queryFn: () => data(api.GET("/api/attempts", page(workspace))) });

export const useObservation = (id: string) =>
  useQuery({
    queryKey: ["one-observation", id],
    queryFn: () => data(api.GET("/api/observations/{id}", { params: { path: { id } } })),
  });
export const useEdges = (id: string) =>
  useQuery({
    queryKey: ["observation", "edges", id],
    queryFn: () => data(api.GET("/api/observations/{id}/edges", { params: { path: { id } } })),
  });
