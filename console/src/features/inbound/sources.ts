// A source, and how it fares by what came in lately.

import type { Delivery, Schemas } from "../../lib/api";
import { providerName } from "../../lib/providers";

export type Source = Schemas["Source"];

export type Health = { last?: Delivery; counts: Record<string, number>; all: Delivery[] };

/** The results of a source's deliveries. */
export function healthOf(source: string, deliveries: Delivery[]): Health {
  const all = deliveries.filter(({ source_id }) => source_id === source);
  const counts: Record<string, number> = {};
  for (const { status } of all) counts[status] = (counts[status] ?? 0) + 1;
  return { last: all[0], counts, all };
}

/** "GitHub /main". */
export const sourceTitle = ({ provider, path }: Pick<Source, "provider" | "path">) =>
  `${providerName(provider)} /${path}`;

export const addressOf = ({ provider, path }: Pick<Source, "provider" | "path">) =>
  `${location.origin}/api/ingest/${provider}/${path}`;
