// The Svix API, as far as the pages of one application need it.

export type Page<T> = { data: T[]; iterator: string | null; prevIterator?: string | null; done: boolean };

export type Endpoint = {
  id: string;
  url: string;
  description: string;
  disabled: boolean;
  eventTypes: string[] | null;
  channels: string[] | null;
  throttleRate: number | null;
  createdAt: string;
  updatedAt: string;
};

export type Stats = { success: number; pending: number; sending: number; fail: number; canceled: number };

export type Message = {
  id: string;
  eventType: string;
  eventId: string | null;
  channels: string[] | null;
  tags: string[] | null;
  payload: unknown;
  timestamp: string;
};

export type Attempt = {
  id: string;
  msgId: string;
  endpointId: string;
  url: string;
  status: number;
  statusText: string;
  response: string;
  responseStatusCode: number;
  responseDurationMs: number;
  timestamp: string;
  triggerType: number;
  msg?: Message;
};

export type Destination = Endpoint & { status: number; statusText: string; nextAttempt: string | null };

export type EventType = {
  name: string;
  description: string;
  deprecated: boolean;
  groupName: string | null;
  schemas: Record<string, { examples?: unknown[] } & Record<string, unknown>> | null;
};

export type Headers = { headers: Record<string, string>; sensitive: string[] };
export type Transformation = { code: string | null; enabled: boolean; variables: Record<string, string> | null };
export type Simulated = { url: string; method: string; payload: string; cancel: boolean };
export type Task = { id: string; status: "running" | "finished" | "failed"; task: string };

export type Capability =
  | "ViewBase"
  | "ViewEndpointSecret"
  | "ManageEndpointSecret"
  | "ManageTransformations"
  | "CreateAttempts"
  | "ManageEndpoint";

/** An answer that was not a success, with the server's own sentence. */
export class WebhooksError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether asking again is of no use. */
export function isGone(error: unknown): boolean {
  return error instanceof WebhooksError && error.status >= 400 && error.status < 500;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One application, as the holder of a token may work with it. */
export type Webhooks = {
  /** Asks something within the application, or of the organisation where the path begins with a dash. */
  ask: <T>(method: Method, path: string, body?: unknown) => Promise<T>;
  can: (capability: Capability) => boolean;
};

/** Opens an application with a key. */
export async function webhooksOf({ appId, token }: { appId: string; token: string }): Promise<Webhooks> {
  const exchanged = await send<{ token: string; capabilities: Capability[] }>("POST", "/api/v1/auth/one-time-token", {
    body: { oneTimeToken: token },
  });
  const capabilities = new Set(exchanged.capabilities);
  return {
    ask: (method, path, body) => {
      const whole = path.startsWith("-") ? `/api/v1${path.slice(1)}` : `/api/v1/app/${encodeURIComponent(appId)}${path}`;
      return send(method, whole, { body, token: exchanged.token });
    },
    can: (capability) => capabilities.has(capability),
  };
}

async function send<T>(method: Method, path: string, { body, token }: { body?: unknown; token?: string }): Promise<T> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  const read: unknown = text ? JSON.parse(text) : undefined;
  if (!answer.ok) throw new WebhooksError(answer.status, sentence(read) ?? `the server answered ${answer.status}`);
  return read as T;
}

/** What a refusal says: a text, or a list of what is wrong where. */
function sentence(body: unknown): string | undefined {
  const detail = (body as { detail?: string | { msg: string }[] } | undefined)?.detail;
  return Array.isArray(detail) ? detail.map((fault) => fault.msg).join("; ") : detail;
}
