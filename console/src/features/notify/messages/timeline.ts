// The events of a message, in the words of a timeline.

import type { Tone } from "../../../components/ui/tones";
import type { Schemas } from "../../../lib/api";
import { asObject, asText } from "../../../lib/json";

type Event = Schemas["KnockMessageEvent"];

const TITLES: Record<string, [title: string, tone: Tone]> = {
  created: ["Created", "quiet"],
  queued: ["Queued", "quiet"],
  sent: ["Sent", "info"],
  delivered: ["Delivered", "good"],
  delivery_attempted: ["An attempt failed", "warn"],
  undelivered: ["Not delivered", "bad"],
  bounced: ["Bounced", "bad"],
  not_sent: ["Not sent", "warn"],
  seen: ["Seen", "good"],
  unseen: ["Marked as not seen", "quiet"],
  read: ["Read", "good"],
  unread: ["Marked as unread", "quiet"],
  interacted: ["Interacted", "good"],
  link_clicked: ["A link was clicked", "good"],
  archived: ["Archived", "quiet"],
  unarchived: ["Taken out of the archive", "quiet"],
};

export type Entry = {
  key: string;
  at: string;
  title: string;
  tone: Tone;
  reason?: string;
  rest?: Record<string, unknown>;
};

/** Oldest first: the API gives the newest first. */
export function entriesOf(events: Event[]): Entry[] {
  return [...events].reverse().map((event) => {
    const name = event.type.replace(/^message\./, "");
    const { failure_reason, failure_details, manual_retry, ...rest } = asObject(event.data);
    const [title, tone] = TITLES[name] ?? [name.replaceAll("_", " "), "quiet" as Tone];
    const reason = asText(failure_details) ?? asText(failure_reason)?.replaceAll("_", " ");
    return {
      key: event.id,
      at: event.inserted_at,
      title: manual_retry === true ? "Sent again by hand" : title,
      tone,
      ...(reason && { reason }),
      ...(Object.keys(rest).length > 0 && { rest }),
    };
  });
}

/** True if a message did not arrive, or not yet. */
export const failed = (status: string) => ["undelivered", "bounced", "not_sent", "delivery_attempted"].includes(status);

/** The latest event that says why a message did not arrive. */
export const reasonOf = (events: Event[]): Entry | undefined =>
  entriesOf(events).findLast(({ reason, tone }) => reason !== undefined && (tone === "bad" || tone === "warn"));

/** Which message can be handed over again. */
export const canRetry = (status: string) => status === "undelivered" || status === "bounced";

/** "key:value" of the filter by trigger data, as the API takes it; nothing where it is no pair. */
export function dataFilter(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const pairs = text.split(/[,\s]+(?=[^\s,:=]+[:=])/).flatMap((pair) => {
    const [, name, value] = /^\s*([^:=\s]+)\s*[:=]\s*(.*)$/s.exec(pair) ?? [];
    return name && value !== undefined ? [[name, scalar(value.trim())] as const] : [];
  });
  return pairs.length > 0 ? JSON.stringify(Object.fromEntries(pairs)) : undefined;
}

function scalar(text: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text === "true" ? true : text === "false" ? false : text;
}
