// One result of a search with those before and after it. The results are read page by page as the list reads them, so the ranks are
// the same.

import { useQuery } from "@tanstack/react-query";

import { api, data, isPassing } from "../../lib/api";
import { isUnfinished, nextOffset, pageAt, type SearchRequest } from "./request";
import type { Hit } from "./use-search";

export type RankedHit = { rank: number; hit: Hit };

export type RankedResult = {
  result: RankedHit;
  /** The one before it and the one after it; two of one side at the ends of the list. */
  neighbours: RankedHit[];
};

/** Beside a result stand so many. */
const NEIGHBOURS = 2;

/** The result with its neighbours; nothing if it is not among the results. */
export function rankedIn(hits: Hit[], id: string): RankedResult | undefined {
  const at = hits.findIndex((hit) => hit.id === id);
  const hit = hits[at];
  if (!hit) return undefined;
  const first = Math.max(0, Math.min(at - 1, hits.length - 1 - NEIGHBOURS));
  const neighbours = hits
    .slice(first, first + NEIGHBOURS + 1)
    .map((hit, n) => ({ rank: first + n + 1, hit }))
    .filter(({ hit }) => hit.id !== id);
  return { result: { rank: at + 1, hit }, neighbours };
}

async function read(workspace: string, request: SearchRequest, id: string, signal: AbortSignal) {
  const hits = new Map<string, Hit>();
  let offset: number | undefined = 0;
  let count = 0;
  while (offset !== undefined) {
    const page = { ...pageAt(offset), includeContext: false, explain: true, prefix: isUnfinished(request.query) };
    const body: SearchRequest = { ...request, ...page, mode: "balanced" };
    const reply = await data(api.POST("/api/search", { params: { query: { workspace } }, body, signal }));
    for (const hit of reply.data) if (!hits.has(hit.id)) hits.set(hit.id, hit);
    count += reply.data.length;
    const known = [...hits.keys()];
    const at = known.indexOf(id);
    if (at >= 0 && at < known.length - NEIGHBOURS) break;
    offset = nextOffset(count, reply.data.length);
  }
  // An answer is never undefined for the cache.
  return rankedIn([...hits.values()], id) ?? null;
}

export function useRank(workspace: string, request: SearchRequest, id: string) {
  return useQuery({
    enabled: Boolean(workspace && id),
    queryKey: ["search", "rank", workspace, JSON.stringify(request), id],
    queryFn: ({ signal }) => read(workspace, request, id, signal),
    refetchOnWindowFocus: false,
    retry: (failures, error) => isPassing(error) && failures < 1,
  });
}
