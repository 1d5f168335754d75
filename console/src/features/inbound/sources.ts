// A source, and how it fares by what came in lately.

import type { Delivery, Schemas } from "../../lib/api";
import { providerName } from "../../lib/providers";

export type Source = Schemas["Source"];
/** A source as it is listed, with the upkeep of a linked one. */
export type ListedSource = Schemas["SourceWithUpkeep"];

export type Health = { last?: Delivery; counts: Record<string, number>; all: Delivery[] };

/** The results of a source's deliveries. */
export function healthOf(source: string, deliveries: Delivery[]): Health {
  const all = deliveries.filter(({ source_id }) => source_id === source);
  const counts: Record<string, number> = {};
  for (const { status } of all) counts[status] = (counts[status] ?? 0) + 1;
  return { last: all[0], counts, all };
}

/** The place at the provider that a source is: the name of its resource, or its path if it was set up by hand. */
export const placeName = ({ path, resource }: Pick<Source, "path" | "resource">): string =>
  resource ? (resource.name ?? resource.provider_id) : `/${path}`;

/** "GitHub /main", "GitHub acme/shop". */
export const sourceTitle = (source: Pick<Source, "provider" | "path" | "resource">) =>
  `${providerName(source.provider)} ${placeName(source)}`;

export const addressOf = ({ provider, path }: Pick<Source, "provider" | "path">) =>
  `${location.origin}/api/ingest/${provider}/${path}`;
