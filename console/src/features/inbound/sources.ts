// How a source fares by what came in lately, what its deliveries are called, and the address that they are sent to.

import type { Delivery } from "../../lib/api";
import { words } from "../../lib/format";
import type { Source } from "../../lib/sources";

/** `lastWebhook` is the newest delivery that the tool has sent. The others are pages of history, which were pulled. */
export type Health = { last?: Delivery; lastWebhook?: Delivery; counts: Record<string, number>; all: Delivery[] };

/** The results of a source's deliveries. */
export function healthOf(source: string, deliveries: Delivery[]): Health {
  const all = deliveries.filter(({ source_id }) => source_id === source);
  const counts: Record<string, number> = {};
  for (const { status } of all) counts[status] = (counts[status] ?? 0) + 1;
  return { last: all[0], lastWebhook: all.find(({ origin }) => origin === "webhook"), counts, all };
}

export const addressOf = ({ provider, path }: Pick<Source, "provider" | "path">) =>
  `${location.origin}/api/ingest/${provider}/${path}`;

/** The event of a page of history begins like this. */
const PULLED = "pull:";

/** The event of a delivery as the provider calls it, and a page of history by what is on it: "History: pull request". */
export const eventInWords = ({ event }: Pick<Delivery, "event">): string =>
  event.startsWith(PULLED) ? `History: ${words(event.slice(PULLED.length))}` : event;
