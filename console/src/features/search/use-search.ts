// The answer to a search, page by page. The last answer stays until the next is there, while a query cannot be answered, and while
// somebody is in the middle of a word that nothing has.

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { api, data, isPassing, type Schemas } from "../../lib/api";
import { onNews } from "../../lib/live";
import { useSettled } from "../../lib/use-settled";
import { isUnfinished, nextOffset, pageAt, type SearchRequest } from "./request";

export type Hit = Schemas["SearchHit"];
export type Meta = Schemas["SearchMeta"];

export type Facets = NonNullable<Schemas["SearchReply"]["facets"]>;

export type Search = {
  hits: Hit[];
  /** What the results can be narrowed by. */
  facets: Facets | undefined;
  /** Of the answer that is shown; nothing before the first. */
  meta: Meta | undefined;
  /** The request that what is shown answers. */
  answered: SearchRequest;
  /** True while what is shown answers an earlier request. */
  isStale: boolean;
  error: Error | null;
  retry: () => void;
  hasMore: boolean;
  loadMore: () => void;
  isLoadingMore: boolean;
};

/** A query that has not changed for so long, in milliseconds, is written out. Until then it is asked by its words alone. */
const TYPING = 500;

const ask = (workspace: string, body: SearchRequest, signal: AbortSignal) =>
  data(api.POST("/api/search", { params: { query: { workspace } }, body, signal }));

export function useSearch(workspace: string, request: SearchRequest): Search {
  const key = JSON.stringify(request);
  const isTyping = useSettled(key, TYPING) !== key;
  const mode = isTyping ? "fast" : "balanced";
  const query = useInfiniteQuery({
    queryKey: ["search", workspace, key, mode],
    queryFn: ({ pageParam: offset, signal }) =>
      ask(
        workspace,
        {
          ...request,
          mode,
          prefix: isUnfinished(request.query),
          ...pageAt(offset),
          includeContext: false,
          facets: offset === 0,
        },
        signal,
      ),
    initialPageParam: 0,
    getNextPageParam: (last, pages) =>
      nextOffset(
        pages.reduce((read, { data }) => read + data.length, 0),
        last.data.length,
      ),
    refetchOnWindowFocus: false,
    retry: (failures, error) => isPassing(error) && failures < 1,
  });
  const last = useRef<{ data: typeof query.data; request: SearchRequest }>({ data: undefined, request });
  const isEmpty = query.data?.pages[0]?.data.length === 0;
  const isCurrent = query.isSuccess && !(isEmpty && isTyping);
  useEffect(() => {
    if (isCurrent) last.current = { data: query.data, request };
  }, [isCurrent, query.data, request]);
  const answer = isCurrent ? query.data : last.current.data;
  const all = answer?.pages.flatMap(({ data }) => data) ?? [];
  const hits = [...new Map(all.map((hit) => [hit.id, hit])).values()];
  const { refetch } = query;
  // An empty page fills by itself when something happens.
  useEffect(
    () => (isEmpty ? onNews(["observation", "document"], () => void refetch()) : undefined),
    [isEmpty, refetch],
  );
  return {
    hits,
    facets: answer?.pages[0]?.facets ?? undefined,
    meta: answer?.pages[0]?.meta,
    answered: isCurrent ? request : last.current.request,
    isStale: !isCurrent,
    error: query.error,
    retry: () => void refetch(),
    hasMore: isCurrent && query.hasNextPage,
    loadMore: () => void query.fetchNextPage(),
    isLoadingMore: query.isFetchingNextPage,
  };
}

/** True if the workspace remembers nothing; unknown until that is answered. */
export function useIsEmpty(workspace: string): boolean | undefined {
  const any = useQuery({
    queryKey: ["observation", "any", workspace],
    queryFn: async () => {
      const params = { query: { workspace, limit: 1 } };
      const lists = await Promise.all([
        data(api.GET("/api/observations", { params })),
        data(api.GET("/api/documents", { params })),
      ]);
      return lists.some(({ data }) => data.length > 0);
    },
  });
  return any.isError ? false : any.data === undefined ? undefined : !any.data;
}
