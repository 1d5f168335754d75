// What the bell and the inbox know of a member's feed: a page after another, what can be done with items, and how they are told apart.

import { type InfiniteData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { knock } from "../../lib/knock";

export const FEED = "in-app";
/** How many items are read at once. */
const PAGE = 30;

export type Item = {
  id: string;
  inserted_at: string;
  seen_at: string | null;
  read_at: string | null;
  archived_at: string | null;
  source: { key: string };
  data: { title?: string; observationId?: string } | null;
  total_activities: number;
  blocks: { name: string; rendered?: string }[];
};
type Feed = {
  entries: Item[];
  meta: { unread_count: number; unseen_count: number };
  page_info: { after: string | null };
};

/** Which items: all that are not archived, those of them that are not read, or the archive. */
export type View = "all" | "unread" | "archived";
const QUERIES: Record<View, string> = { all: "", unread: "&status=unread", archived: "&archived=only" };

export type Mark = "seen" | "read" | "unread" | "interacted" | "archived" | "unarchived";

export function useFeed(member: string, view: View) {
  return useInfiniteQuery<Feed, Error, InfiniteData<Feed>, string[], string | null>({
    queryKey: ["notification", "feed", member, view],
    queryFn: ({ pageParam }) => {
      const after = pageParam ? `&after=${encodeURIComponent(pageParam)}` : "";
      return knock<Feed>(`/users/${member}/feeds/${FEED}?page_size=${PAGE}${QUERIES[view]}${after}`);
    },
    initialPageParam: null,
    getNextPageParam: (last) => last.page_info.after,
  });
}

/** How many are unread and unseen, without reading them. */
export function useCounts(member: string, enabled: boolean) {
  return useQuery({
    enabled,
    queryKey: ["notification", "counts", member],
    queryFn: async () => (await knock<Feed>(`/users/${member}/feeds/${FEED}?page_size=1`)).meta,
  });
}

/** Marks items, or with `"all"` every one of the feed. */
export function useMark() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ mark, ids }: { mark: Mark; ids: string[] | "all" }) =>
      ids === "all"
        ? knock(`/channels/${FEED}/messages/bulk/${mark}`, "POST", {})
        : knock(`/messages/batch/${mark}`, "POST", { message_ids: ids }),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["notification", "feed"] });
      return queries.invalidateQueries({ queryKey: ["notification", "counts"] });
    },
  });
}

/** What an item says in a line: its title, or its own words without their marks. */
export function lineOf(item: Item): string {
  if (item.data?.title) return item.data.title;
  const body = item.blocks.find((block) => block.name === "body")?.rendered ?? "";
  return new DOMParser().parseFromString(body, "text/html").body.textContent?.trim() || item.source.key;
}

/** Where an item leads: a path of ours, an address elsewhere, or nowhere. */
export function targetOf(item: Item): { path: string } | { href: string } | undefined {
  if (item.data?.observationId) return { path: `/observations/${item.data.observationId}` };
  const action = item.blocks.find((block) => block.name === "action_url")?.rendered;
  const url = action && URL.canParse(action, location.origin) ? new URL(action, location.origin) : undefined;
  if (url?.origin === location.origin) return { path: url.pathname + url.search };
  return url && /^https?:$/.test(url.protocol) ? { href: url.href } : undefined;
}

export type Group = { name: string; items: Item[] };

/** Items by the workflow that they are of, in the order of the newest. */
function byWorkflow(items: Item[]): Group[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(item.source.key, [...(groups.get(item.source.key) ?? []), item]);
  return [...groups].map(([name, items]) => ({ name, items }));
}

/** Items by day, and of each day by what they are of. */
export function grouped(items: Item[], now = new Date()): { day: string; groups: Group[] }[] {
  const day = (at: Date) => at.toDateString();
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  const written = new Intl.DateTimeFormat("en", { dateStyle: "long" });
  const named = (at: Date) => (day(at) === day(now) ? "Today" : day(at) === day(yesterday) ? "Yesterday" : written.format(at));
  const days = new Map<string, Item[]>();
  for (const item of items) {
    const name = named(new Date(item.inserted_at));
    days.set(name, [...(days.get(name) ?? []), item]);
  }
  return [...days].map(([day, items]) => ({ day, groups: byWorkflow(items) }));
}
