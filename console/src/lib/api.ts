// The client of our own API, typed from the server's OpenAPI document, and the queries that pages share.

import { useQuery } from "@tanstack/react-query";
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

const page = { params: { query: { limit: 30 } } };

export const useSession = () => useQuery({ queryKey: ["session"], queryFn: () => data(api.GET("/api/session")) });
export const useObservations = () =>
  useQuery({ queryKey: ["observation"], queryFn: () => data(api.GET("/api/observations", page)) });
export const useDeliveries = () =>
  useQuery({ queryKey: ["delivery"], queryFn: () => data(api.GET("/api/deliveries", page)) });
export const useNotifications = () =>
  useQuery({ queryKey: ["notification"], queryFn: () => data(api.GET("/api/notifications", page)) });
export const useAttempts = () => useQuery({ queryKey: ["attempt"], queryFn: () => data(api.GET("/api/attempts", page)) });

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
