// A member's feed, as the bell and the inbox have it: a page after another, the actions on items, and how they are told apart.

import { type InfiniteData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../lib/api";
import { asText } from "../../lib/json";

export const FEED = "in-app";
/** How many items are read at once. */
const PAGE = 30;

type Feed = Schemas["KnockFeed"];
type FeedItem = Schemas["KnockFeedItem"];

/** An item as it comes where nothing is asked to be left out of it. */
export type Item = FeedItem & Required<Pick<FeedItem, "id" | "inserted_at">>;

export const itemsOf = (feed: Feed): Item[] => (feed.entries ?? []).filter(isWhole);

function isWhole(item: FeedItem): item is Item {
  return item.id !== undefined && item.inserted_at !== undefined;
}

/** Which items: all that are not archived, those of them that are not read, or the archive. */
export type View = "all" | "unread" | "archived";
type Query = { status?: string; archived?: string; source?: string[]; tenant?: string };
const VIEW_QUERIES: Record<View, Query> = { all: {}, unread: { status: "unread" }, archived: { archived: "only" } };
/** Of which workflow, and within which tenant. */
export type Narrowed = { workflow?: string | undefined; tenant?: string | undefined };

const feedOf = (user: string, query: Query & { page_size: number; after?: string }) =>
  data(api.GET("/v1/users/{user}/feeds/{feed}", { params: { path: { user, feed: FEED }, query } }));

export type Mark = "seen" | "read" | "unread" | "interacted" | "archived" | "unarchived";

export function useFeed(member: string, view: View, { workflow, tenant }: Narrowed = {}) {
  const narrowed = { ...(workflow && { source: [workflow] }), ...(tenant && { tenant }) };
  return useInfiniteQuery<Feed, Error, InfiniteData<Feed>, string[], string | null>({
    queryKey: ["notification", "feed", member, view, workflow ?? "", tenant ?? ""],
    queryFn: ({ pageParam }) =>
      feedOf(member, { page_size: PAGE, ...VIEW_QUERIES[view], ...narrowed, ...(pageParam && { after: pageParam }) }),
    initialPageParam: null,
    getNextPageParam: (last) => last.page_info?.after,
  });
}

/** How many are unread and unseen, without reading them. */
export function useCounts(member: string, enabled: boolean) {
  return useQuery({
    enabled,
    queryKey: ["notification", "counts", member],
    queryFn: async () => (await feedOf(member, { page_size: 1 })).meta ?? {},
  });
}

/** Marks items, or with `"all"` every one of the feed. */
export function useMark() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ mark, ids }: { mark: Mark; ids: string[] | "all" }) => {
      if (ids === "all") {
        await data(
          api.POST("/v1/channels/{channel}/messages/bulk/{mark}", {
            params: { path: { channel: FEED, mark } },
            body: {},
          }),
        );
      } else {
        await data(api.POST("/v1/messages/batch/{mark}", { params: { path: { mark } }, body: { message_ids: ids } }));
      }
    },
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["notification", "feed"] });
      return queries.invalidateQueries({ queryKey: ["notification", "counts"] });
    },
  });
}

/** The line of an item: its title, or its own words without their marks. */
export function lineOf(item: Item): string {
  const title = asText(item.data?.title);
  if (title) return title;
  const body = item.blocks?.find((block) => block.name === "body")?.rendered ?? "";
  return new DOMParser().parseFromString(body, "text/html").body.textContent?.trim() || workflowOf(item);
}

/** The mark that takes another one back. */
export const BACK: Partial<Record<Mark, Mark>> = {
  archived: "unarchived",
  unarchived: "archived",
  read: "unread",
  unread: "read",
};

/** Where an item leads: a path of ours, an address elsewhere, or nowhere. */
export function targetOf(item: Item): { path: string } | { href: string } | undefined {
  const observation = asText(item.data?.observationId);
  if (observation) return { path: `/observations/${encodeURIComponent(observation)}` };
  const action = item.blocks?.find((block) => block.name === "action_url")?.rendered;
  const url = action && URL.canParse(action, location.origin) ? new URL(action, location.origin) : undefined;
  if (url?.origin === location.origin) return { path: url.pathname + url.search };
  return url && /^https?:$/.test(url.protocol) ? { href: url.href } : undefined;
}

/** The key of the workflow that an item is of. */
const workflowOf = (item: Item): string => item.source?.key ?? "";

export type Group = { name: string; items: Item[] };

/** Items by the workflow that they are of, in the order of the newest. */
function byWorkflow(items: Item[]): Group[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(workflowOf(item), [...(groups.get(workflowOf(item)) ?? []), item]);
  return [...groups].map(([name, items]) => ({ name, items }));
}

/** Items by day, and of each day by what they are of. */
export function grouped(items: Item[], now = new Date()): { day: string; groups: Group[] }[] {
  const day = (at: Date) => at.toDateString();
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  const written = new Intl.DateTimeFormat("en", { dateStyle: "long" });
  const named = (at: Date) =>
    day(at) === day(now) ? "Today" : day(at) === day(yesterday) ? "Yesterday" : written.format(at);
  const days = new Map<string, Item[]>();
  for (const item of items) {
    const name = named(new Date(item.inserted_at));
    days.set(name, [...(days.get(name) ?? []), item]);
  }
  return [...days].map(([day, items]) => ({ day, groups: byWorkflow(items) }));
}
