// A member's feed, by day and by what it is of: what was told can be followed, read, and put away.

import { useNavigate } from "@tanstack/react-router";
import { Archive, ArchiveRestore } from "lucide-react";
import { useState } from "react";

import { Button, Empty, Skeleton, Time } from "../../components/ui";
import { words } from "../../lib/format";
import { type Group, grouped, type Item, lineOf, targetOf, useFeed, useMark, type View } from "./feed";

/** How many items of one workflow a day shows before it is asked for more. */
const SHOWN = 3;
const NONE: Record<View, string> = {
  all: "Nothing yet. You are told of what scores 70 or more.",
  unread: "You have read everything.",
  archived: "Nothing was archived.",
};
const VIEWS: [View, string][] = [["all", "All"], ["unread", "Unread"], ["archived", "Archive"]];

export function FeedList({ member, onFollow }: { member: string; onFollow?: () => void }) {
  const [view, setView] = useState<View>("all");
  const feed = useFeed(member, view);
  const mark = useMark();
  const items = feed.data?.pages.flatMap((page) => page.entries) ?? [];
  const unread = feed.data?.pages[0]?.meta.unread_count ?? 0;
  return (
    <>
      <div className="border-line flex flex-wrap items-center gap-x-1 border-b px-2 py-1.5">
        <div role="group" aria-label="Which notifications" className="flex flex-1">
          {VIEWS.map(([name, label]) => (
            <button
              key={name}
              type="button"
              aria-pressed={view === name}
              onClick={() => setView(name)}
              className="text-quiet hover:text-ink aria-pressed:text-ink cursor-pointer rounded-md px-2 py-1 aria-pressed:font-medium"
            >
              {label}
            </button>
          ))}
        </div>
        <Button kind="plain" className="px-2 disabled:opacity-60" disabled={unread === 0} onClick={() => mark.mutate({ mark: "read", ids: "all" })}>
          Mark all as read
        </Button>
      </div>
      <div className="min-h-0 overflow-y-auto" tabIndex={0} role="region" aria-label="What you were told">
        {feed.isPending && <Skeleton />}
        {feed.isError && <p role="alert" className="text-bad p-4">{feed.error.message}</p>}
        {feed.isSuccess && items.length === 0 && <Empty>{NONE[view]}</Empty>}
        {grouped(items).map(({ day, groups }) => (
          <section key={day} aria-label={day}>
            <h3 className="text-quiet bg-ground border-line border-b px-4 py-1 text-xs font-medium">{day}</h3>
            {groups.map((group) => <GroupOf key={group.name} group={group} onFollow={onFollow} />)}
          </section>
        ))}
        {feed.hasNextPage && (
          <p className="p-3 text-center">
            <Button kind="plain" disabled={feed.isFetchingNextPage} onClick={() => void feed.fetchNextPage()}>Show older ones</Button>
          </p>
        )}
      </div>
    </>
  );
}

function GroupOf({ group, onFollow }: { group: Group; onFollow: (() => void) | undefined }) {
  const [isOpen, setOpen] = useState(false);
  const mark = useMark();
  const hidden = isOpen ? 0 : Math.max(0, group.items.length - SHOWN);
  const name = words(group.name.replaceAll("-", " "));
  const ids = group.items.filter((item) => !item.archived_at).map((item) => item.id);
  return (
    <>
      {group.items.length > 1 && (
        <p className="text-quiet flex items-center gap-2 px-4 pt-2 text-xs">
          <span className="flex-1 first-letter:uppercase">{name} · {group.items.length}</span>
          {ids.length > 0 && <Button kind="plain" className="min-h-6" onClick={() => mark.mutate({ mark: "archived", ids })}>Archive these</Button>}
        </p>
      )}
      <ol className="divide-line border-line divide-y border-b">
        {group.items.slice(0, group.items.length - hidden).map((item) => <Line key={item.id} item={item} onFollow={onFollow} />)}
      </ol>
      {hidden > 0 && (
        <p className="border-line border-b px-4 py-1.5">
          <Button kind="plain" className="min-h-6" onClick={() => setOpen(true)}>{hidden} more: {name}</Button>
        </p>
      )}
    </>
  );
}

function Line({ item, onFollow }: { item: Item; onFollow: (() => void) | undefined }) {
  const navigate = useNavigate();
  const mark = useMark();
  const target = targetOf(item);
  const follow = () => {
    mark.mutate({ mark: target ? "interacted" : "read", ids: [item.id] });
    if (!target) return;
    onFollow?.();
    if ("path" in target) void navigate({ to: target.path });
    else window.open(target.href, "_blank", "noopener");
  };
  const Icon = item.archived_at ? ArchiveRestore : Archive;
  const line = lineOf(item);
  return (
    <li className="hover:bg-ground flex items-start">
      <button type="button" onClick={follow} className="flex min-w-0 flex-1 cursor-pointer gap-2.5 py-3 pl-4 text-left">
        <span aria-hidden className={`mt-1.5 size-2 shrink-0 rounded-full ${item.read_at ? "bg-line" : "bg-bronze"}`} />
        <span className="min-w-0">
          <span className={`block break-words ${item.read_at ? "" : "font-medium"}`}>{line}</span>
          <Time at={item.inserted_at} />
          {item.total_activities > 1 && <span className="text-quiet text-xs"> · {item.total_activities} together</span>}
        </span>
      </button>
      <Button
        kind="icon"
        className="mt-1.5 mr-1.5 shrink-0"
        aria-label={`${item.archived_at ? "Take out of the archive" : "Archive"}: ${line}`}
        onClick={() => mark.mutate({ mark: item.archived_at ? "unarchived" : "archived", ids: [item.id] })}
      >
        <Icon className="size-4" />
      </Button>
    </li>
  );
}
