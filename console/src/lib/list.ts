// Long lists: read page by page as somebody goes on, and kept fresh without jumping. Of the newest rows, what is known changes in place;
// what is new waits, counted, until it is asked for.

import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { type Kind, onNews } from "./live";

export type ListPage<T> = { items: T[]; next?: string | null };

export type List<T> = {
  rows: T[];
  isPending: boolean;
  error: Error | null;
  retry: () => void;
  /** How many are new since the list was read; there may be more than a page of them. */
  fresh: number;
  showFresh: () => void;
  hasMore: boolean;
  loadMore: () => void;
  isLoadingMore: boolean;
};

type Asked<T> = {
  /** The list and its filters: the same is read once. */
  key: (string | number | undefined)[];
  /** Reads a page, the first one without a cursor. */
  page: (cursor: string | undefined) => Promise<ListPage<T>>;
  idOf: (item: T) => string;
  /** News of these kinds are looked at. */
  live?: Kind[];
  /** Looks at the first page so often, in milliseconds, where no news tell. */
  every?: number;
  enabled?: boolean;
};

type Pages<T> = InfiniteData<ListPage<T>, string | undefined>;

export function useList<T>({ key, page, idOf, live, every, enabled = true }: Asked<T>): List<T> {
  const queries = useQueryClient();
  const queryKey = ["list", ...key];
  const name = JSON.stringify(queryKey);
  const query = useInfiniteQuery<ListPage<T>, Error, Pages<T>, (string | number | undefined)[], string | undefined>({
    queryKey,
    queryFn: ({ pageParam }) => page(pageParam),
    initialPageParam: undefined,
    getNextPageParam: ({ next }) => next || undefined,
    enabled,
    refetchOnWindowFocus: false,
  });
  const [fresh, setFresh] = useState<{ of: string; items: T[] }>({ of: name, items: [] });
  const latest = useRef({ page, idOf });
  latest.current = { page, idOf };
  const looking = useRef({ isUnderWay: false, again: false });

  const lookOnce = useCallback(async () => {
    const key = JSON.parse(name) as typeof queryKey;
    const known = queries.getQueryData<Pages<T>>(key);
    if (!known || document.hidden) return;
    const { page, idOf } = latest.current;
    const head = await page(undefined).catch(() => undefined);
    if (!head) return;
    const isEmpty = known.pages.every(({ items }) => items.length === 0);
    if (isEmpty) return queries.setQueryData<Pages<T>>(key, { pages: [head], pageParams: [undefined] });
    queries.setQueryData<Pages<T>>(key, (old) => old && withChanges(old, head.items, idOf));
    setFresh({ of: name, items: newIn(known, head.items, idOf) });
  }, [name, queries]);

  // News come faster than a slow server answers: one look at a time, and one more for all that came meanwhile.
  const look = useCallback(async () => {
    const state = looking.current;
    state.again = state.isUnderWay;
    if (state.isUnderWay) return;
    state.isUnderWay = true;
    await lookOnce().finally(() => {
      state.isUnderWay = false;
    });
    if (state.again) await look();
  }, [lookOnce]);

  const kinds = live?.join(" ") ?? "";
  useEffect(
    () => (kinds && enabled ? onNews(kinds.split(" ") as Kind[], () => void look()) : undefined),
    [kinds, enabled, look],
  );
  useEffect(() => {
    if (!every || !enabled) return;
    const timer = setInterval(() => void look(), every);
    return () => clearInterval(timer);
  }, [every, enabled, look]);

  const waiting = fresh.of === name ? fresh.items : [];
  const showFresh = () => {
    const first = query.data?.pages[0];
    // A page full of new ones may have more behind it: then the list is read anew.
    if (!first || waiting.length >= Math.max(first.items.length, 1)) void queries.resetQueries({ queryKey });
    else queries.setQueryData<Pages<T>>(queryKey, (old) => old && withNew(old, waiting));
    setFresh({ of: name, items: [] });
  };
  const rows = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data]);
  return {
    rows,
    isPending: query.isPending,
    error: query.error,
    retry: () => void query.refetch(),
    fresh: waiting.length,
    showFresh,
    hasMore: query.hasNextPage,
    loadMore: () => void query.fetchNextPage(),
    isLoadingMore: query.isFetchingNextPage,
  };
}

/** The pages with what has changed of their items. */
export function withChanges<T>(old: Pages<T>, seen: T[], idOf: (item: T) => string): Pages<T> {
  const changed = new Map(seen.map((item) => [idOf(item), item]));
  const pages = old.pages.map((page) => ({
    ...page,
    items: page.items.map((item) => changed.get(idOf(item)) ?? item),
  }));
  return { ...old, pages };
}

/** The items of a first page that are in none of the pages. */
export function newIn<T>(old: Pages<T>, seen: T[], idOf: (item: T) => string): T[] {
  const known = new Set(old.pages.flatMap(({ items }) => items.map(idOf)));
  return seen.filter((item) => !known.has(idOf(item)));
}

function withNew<T>(old: Pages<T>, items: T[]): Pages<T> {
  const [first, ...others] = old.pages;
  return first ? { ...old, pages: [{ ...first, items: [...items, ...first.items] }, ...others] } : old;
}

/** Rows that are read as a whole, as tables take them. */
export function wholeList<T>(
  rows: T[],
  query: { isPending: boolean; error: Error | null; refetch: () => unknown },
): List<T> {
  return {
    rows,
    isPending: query.isPending,
    error: query.error,
    retry: () => void query.refetch(),
    fresh: 0,
    showFresh: () => undefined,
    hasMore: false,
    loadMore: () => undefined,
    isLoadingMore: false,
  };
}

/** A list of the Svix API, as a page. */
export const svixPage = <T>({
  data,
  iterator,
  done,
}: {
  data: T[];
  iterator?: string | null;
  done: boolean;
}): ListPage<T> => ({
  items: data,
  next: done ? undefined : iterator,
});
