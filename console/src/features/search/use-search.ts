// The answer to a search, page by page. The last answer stays until the next is there, and while a query cannot be answered.

import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { api, data, isPassing, type Schemas } from "../../lib/api";
import { onNews } from "../../lib/live";
import { nextOffset, pageAt, type SearchRequest } from "./request";

export type Hit = Schemas["SearchHit"];
export type Meta = Schemas["SearchMeta"];

export type Search = {
  hits: Hit[];
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

const ask = (workspace: string, body: SearchRequest, signal: AbortSignal) =>
  data(api.POST("/api/search", { params: { query: { workspace } }, body, signal }));

export function useSearch(workspace: string, request: SearchRequest): Search {
  const query = useInfiniteQuery({
    queryKey: ["search", workspace, JSON.stringify(request)],
    queryFn: ({ pageParam: offset, signal }) =>
      ask(workspace, { ...request, ...pageAt(offset), includeContext: false }, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) =>
      nextOffset(
        pages.reduce((read, { data }) => read + data.length, 0),
        last.data.length,
        last.meta.total,
      ),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    retry: (failures, error) => isPassing(error) && failures < 1,
  });
  const last = useRef({ data: query.data, request });
  const isCurrent = query.isSuccess && !query.isPlaceholderData;
  useEffect(() => {
    if (isCurrent) last.current = { data: query.data, request };
  }, [isCurrent, query.data, request]);
  const answer = query.data ?? last.current.data;
  const all = answer?.pages.flatMap(({ data }) => data) ?? [];
  const hits = [...new Map(all.map((hit) => [hit.id, hit])).values()];
  const isEmpty = isCurrent && hits.length === 0;
  const { refetch } = query;
  // An empty page fills by itself when something happens.
  useEffect(() => (isEmpty ? onNews(["observation"], () => void refetch()) : undefined), [isEmpty, refetch]);
  return {
    hits,
    meta: answer?.pages[0]?.meta,
    answered: isCurrent ? request : last.current.request,
    isStale: !isCurrent,
    error: query.error,
    retry: () => void refetch(),
    hasMore: query.hasNextPage && !query.isPlaceholderData,
    loadMore: () => void query.fetchNextPage(),
    isLoadingMore: query.isFetchingNextPage,
  };
}

/** Whether the workspace remembers anything; unknown until that is answered. */
export function useIsEmpty(workspace: string): boolean | undefined {
  const any = useQuery({
    queryKey: ["observation", "any", workspace],
    queryFn: () => data(api.GET("/api/observations", { params: { query: { workspace, limit: 1 } } })),
  });
  return any.isError ? false : any.data && any.data.data.length === 0;
}
