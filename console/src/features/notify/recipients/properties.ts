// Properties as they are edited, and what of the edit is sent.

import { isObject, isSame } from "../../../lib/json";

/** Only what has changed is sent; a property that was taken out is set to null, since the API keeps what is not named. */
export function changesOf(before: Record<string, unknown>, after: Record<string, unknown>): Record<string, unknown> {
  const changed = Object.entries(after).filter(([name, value]) => !isSame(value, before[name]));
  const removed = Object.keys(before).filter((name) => !(name in after) && before[name] !== null);
  return Object.fromEntries([...changed, ...removed.map((name) => [name, null] as const)]);
}

/** A connection of a chat, by what it is addressed with. */
export type ConnectionKind = "incoming_webhook" | "channel_id" | "user_id";
export type Connection = {
  kind: ConnectionKind;
  value: string;
  /** Its other fields, kept as they are. */
  rest: Record<string, unknown>;
};

export function connectionOf(value: unknown): Connection {
  const { incoming_webhook, channel_id, user_id, ...rest } = isObject(value) ? value : {};
  if (isObject(incoming_webhook))
    return {
      kind: "incoming_webhook",
      value: typeof incoming_webhook.url === "string" ? incoming_webhook.url : "",
      rest,
    };
  if (typeof user_id === "string" && user_id) return { kind: "user_id", value: user_id, rest };
  return { kind: "channel_id", value: typeof channel_id === "string" ? channel_id : "", rest };
}

export function writtenConnection({ kind, value, rest }: Connection): Record<string, unknown> {
  return { ...rest, [kind]: kind === "incoming_webhook" ? { url: value } : value };
}

/** One token a line. */
export const tokensOf = (text: string): string[] => [...new Set(text.split(/\s+/).filter(Boolean))];
