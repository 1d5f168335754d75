// The client of all APIs that the server speaks, typed from its OpenAPI document, and the queries that pages share.

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import createClient from "openapi-fetch";

import { asObject, asText } from "./json";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Observation = Schemas["Observation"];
export type Delivery = Schemas["DeliverySummary"];
export type Notification = Schemas["NotificationSummary"];
export type Attempt = Schemas["AttemptView"];

/** Asks with the member's session: our own API, and the Knock API. */
export const api = createClient<paths>({ baseUrl: "/" });

export type Client = typeof api;

/** Asks with a token: the Svix API, for the holder of a portal's link. */
export const withToken = (token: string): Client =>
  createClient<paths>({ baseUrl: "/", headers: { authorization: `Bearer ${token}` } });

/** An answer that was not a success, with the server's own sentence. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** The id under which the server's log has the request. */
    readonly requestId?: string,
  ) {
    super(message);
  }
}

/** True if the same request may be answered otherwise in a moment: 4xx are not, but for 408 and 429. */
export function isPassing(error: unknown): boolean {
  const status = error instanceof ApiError ? error.status : 0;
  return status < 400 || status >= 500 || status === 408 || status === 429;
}

/** True if asking again is of no use to the holder of a link. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** The answer of a client. */
export type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer, or its error thrown. */
export async function data<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) {
    const id = asText(asObject(error).request_id) ?? response.headers.get("x-request-id") ?? undefined;
    throw new ApiError(response.status, sentence(error) ?? `The server answered ${response.status}.`, id);
  }
  return data as T;
}

/** The sentence of a refusal: `message` of our own API and of Knock's; `detail` of Svix's, a text or a list of faults with their places. */
function sentence(refusal: unknown): string | undefined {
  const { message, detail } = asObject(refusal);
  if (Array.isArray(detail)) return detail.map((fault) => asText(asObject(fault).msg)).join("; ");
  return asText(message) ?? asText(detail);
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
  const { workspace } = useParams({ strict: false }) as { workspace?: string };
  const session = useSession();
  const all = session.data?.workspaces ?? [];
  return all.find(({ id }) => id === workspace) ?? all[0];
}

/** The age, in milliseconds, up to which data is not read again by a part of a page that comes a little later. News do away with it. */
export const JUST_READ = 2_000;

const page = (workspace: string) => ({ params: { query: { limit: 30, workspace } } });

export const useNotifications = (workspace: string) =>
  useQuery({
    queryKey: ["notification", workspace],
    staleTime: JUST_READ,
    queryFn: () => data(api.GET("/api/notifications", page(workspace))),
  });
export const useAttempts = (workspace: string) =>
  useQuery({
    queryKey: ["attempt", workspace],
    staleTime: JUST_READ,
    queryFn: () => data(api.GET("/api/attempts", page(workspace))),
  });

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
