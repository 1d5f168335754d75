// The Knock API, as the console's own pages use it: with the session, in shapes that our own API's document does not describe.

import { ApiError } from "./api";

export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** The body of an answer; an error with the server's own sentence where it is none. */
export async function knock<T>(path: string, method: Method = "GET", body?: unknown): Promise<T> {
  const response = await fetch(`/v1${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await response.text();
  const answer: unknown = text ? JSON.parse(text) : undefined;
  if (!response.ok) {
    const message = (answer as { message?: string } | undefined)?.message;
    throw new ApiError(response.status, message ?? `the server answered ${response.status}`);
  }
  return answer as T;
}

export type Step = {
  ref: string;
  type: string;
  name?: string;
  channel_key?: string;
  channel_type?: string;
  conditions?: unknown;
  template?: Record<string, unknown>;
  settings?: Record<string, unknown>;
  branches?: { name?: string; conditions?: unknown; steps?: Step[] }[];
  cohort_branches?: { name?: string; percentage?: string; steps?: Step[] }[];
};

export type Workflow = {
  key: string;
  name: string;
  description?: string;
  categories: string[];
  active: boolean;
  steps: Step[];
  updated_at: string;
};

export type RunEvent = {
  event: string;
  step_ref: string | null;
  step_type: string | null;
  status: string;
  attempt?: number;
  data: Record<string, unknown> | null;
  inserted_at: string;
};

export type Run = {
  id: string;
  workflow: string;
  workflow_run_id: string;
  status: string;
  tenant: string | null;
  recipient: string | { id: string; collection: string };
  error_count: number;
  inserted_at: string;
  updated_at: string;
  events?: RunEvent[];
};

/** How far a run is; one that came to its end with a step that failed has failed. */
export const outcomeOf = (run: Run) => (run.error_count > 0 && run.status === "completed" ? "failed" : run.status);

export type Channel = {
  id: string;
  key: string;
  name: string;
  type: string;
  provider: string;
  environment_settings: Record<string, ChannelSettings>;
  updated_at: string;
};
type ChannelSettings = {
  is_sandbox: boolean;
  /** Whether something could go out at all. */
  is_valid: boolean;
  provider_settings: string[];
  channel_settings: Record<string, unknown>;
  intake_url: string | null;
};

export const settingsOf = (channel: Channel) => channel.environment_settings.production;

export type Entries<T> = { entries: T[] };
export type Items<T> = { items: T[] };

/** What people call a type of channel. */
export const CHANNEL_NAMES: Record<string, string> = {
  in_app_feed: "In the app",
  email: "E-mail",
  chat: "Chat",
  sms: "Text message",
  push: "Push",
  http: "Webhook",
};

/** A recipient in one line. */
export function nameOf(recipient: Run["recipient"]): string {
  return typeof recipient === "string" ? recipient : `${recipient.collection}/${recipient.id}`;
}
