// The request of a search, as the address of the page has it, and the same as a line for the shell.

import type { Schemas } from "../../lib/api";

export type SearchRequest = Schemas["SearchRequest"];

/** So many results are read at once. */
export const PAGE = 20;
/** So many results can be read of one search. */
export const MOST = 200;

type Address = Record<string, string | undefined>;

/** The request without its part of the results. What is not set is left out. */
export function requestOf(address: Address): SearchRequest {
  const { kind, document, source, type, category, topic, actor, min_significance, after, before } = address;
  const score = Number(min_significance);
  const isKind = kind === "observation" || kind === "chunk";
  const filters: NonNullable<SearchRequest["filters"]> = {
    ...(isKind && { kinds: [kind] }),
    ...(document && { documents: [document] }),
    ...(source && { sources: [source] }),
    ...(type && { types: [type] }),
    ...(category && { categories: [category] }),
    ...(topic && { topics: [topic] }),
    ...(actor && { actors: [actor] }),
    ...(min_significance && Number.isFinite(score) && { minSignificance: score }),
    ...((after || before) && { dateRange: { ...(after && { start: after }), ...(before && { end: before }) } }),
  };
  return {
    query: address.q ?? "",
    ...(Object.keys(filters).length > 0 && { filters }),
    ...(address.explain && { explain: true }),
    ...(address.words && { understand: false }),
  };
}

/** Where the results after `read` begin; nothing at the end of them. A short page is the last one. */
export const nextOffset = (read: number, lastPage: number): number | undefined =>
  lastPage < PAGE || read >= MOST ? undefined : read;

/** True while the last word of a query may be the begin of one. */
export const isUnfinished = (query: string) => /[\p{L}\p{N}]$/u.test(query);

/** The part of the results that begins at `offset`, within the bounds of the server. */
export const pageAt = (offset: number) => ({ offset, limit: Math.min(PAGE, MOST - offset) });

/** The request as `curl` sends it, with the key in `$KEY`. */
export function curlOf(origin: string, workspace: string, request: SearchRequest): string {
  const body = JSON.stringify(request).replaceAll("'", "'\\''");
  return `curl -s '${origin}/api/search?workspace=${workspace}' \\
  -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '${body}'`;
}
