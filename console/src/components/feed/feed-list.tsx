// A member's feed, by day and by workflow: items can be followed, read, and put away, by mouse and by keys.
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys

import { useNavigate } from "@tanstack/react-router";
import { Archive, ArchiveRestore, Mail, MailOpen } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { words } from "../../lib/format";
import { useHotkeys } from "../../lib/hotkeys";
import { Button, IconButton } from "../ui/button";
import { cx } from "../ui/cx";
import { Empty, Failure, Skeleton } from "../ui/page";
import { Segments } from "../ui/tabs";
import { Time } from "../ui/time";
import { done, notDone } from "../ui/toast";
import {
  BACK,
  type Group,
  grouped,
  type Item,
  itemsOf,
  lineOf,
  type Mark,
  type Narrowed,
  targetOf,
  useFeed,
  useMark,
  type View,
} from "./feed";

/** How many items of one workflow a day shows before it is asked for more. */
const SHOWN = 3;
const NONE: Record<View, string> = {
  all: "Nothing yet. You are told of observations that score 70 or more.",
  unread: "You have read everything.",
  archived: "Nothing was archived.",
};
const VIEWS: [View, string][] = [
  ["all", "All"],
  ["unread", "Unread"],
  ["archived", "Archive"],
];

type FeedListProps = {
  member: string;
  view: View;
  onView: (view: View) => void;
  narrowed?: Narrowed;
  /** The heading of a day: below that of the list. */
  heading: "h2" | "h3";
  /** Called when an item is followed. */
  onFollow?: () => void;
  /** Keys work wherever the focus is on the page. */
  isPage?: boolean;
};

type Marking = (mark: Mark, items: Item[]) => void;

/** Marks items, and offers a way back. */
function useMarking(): Marking {
  const mark = useMark();
  return (name, items) => {
    const ids = items.map(({ id }) => id);
    mark.mutate(
      { mark: name, ids },
      {
        onError: (error) => notDone("It was not saved.", error),
        onSuccess: () => {
          if (name !== "archived" && name !== "unarchived") return;
          const back = BACK[name] as Mark;
          const what = ids.length === 1 ? "It is" : `${ids.length} notifications are`;
          done(`${what} ${name === "archived" ? "archived" : "back in the inbox"}.`, () =>
            mark.mutate({ mark: back, ids }),
          );
        },
      },
    );
  };
}

export function FeedList({ member, view, onView, narrowed, heading: Heading, onFollow, isPage }: FeedListProps) {
  const feed = useFeed(member, view, narrowed);
  const readAll = useMark();
  const marking = useMarking();
  const list = useRef<HTMLDivElement>(null);
  const items = feed.data?.pages.flatMap(itemsOf) ?? [];
  const unread = feed.data?.pages[0]?.meta?.unread_count ?? 0;
  const keys = useKeys(list, items, marking);
  useHotkeys(
    isPage
      ? [
          { keys: "j", title: "Next notification", run: () => keys("j") },
          { keys: "k", title: "Notification before", run: () => keys("k") },
          { keys: "e", title: "Archive the notification", run: () => keys("e") },
          { keys: "u", title: "Mark the notification as unread or read", run: () => keys("u") },
        ]
      : [],
  );
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (keys(event.key)) event.preventDefault();
  };
  return (
    <>
      <div className="border-line flex flex-wrap items-center gap-2 border-b px-3 py-2">
        <div className="flex-1">
          <Segments
            label="Which notifications"
            value={view}
            options={VIEWS}
            onChange={(next) => onView(VIEWS.find(([key]) => key === next)?.[0] ?? "all")}
          />
        </div>
        <Button
          kind="ghost"
          size="sm"
          disabled={unread === 0}
          busy={readAll.isPending}
          onClick={() => readAll.mutate({ mark: "read", ids: "all" })}
        >
          Mark all as read
        </Button>
      </div>
      <div
        ref={list}
        className="focus-inside min-h-0 overflow-y-auto"
        tabIndex={0}
        role="region"
        aria-label="Notifications"
        onKeyDown={onKeyDown}
      >
        {feed.isPending && <Skeleton lines={5} />}
        {feed.isError && <Failure error={feed.error} onRetry={() => void feed.refetch()} />}
        {feed.isSuccess && items.length === 0 && <Empty>{NONE[view]}</Empty>}
        {grouped(items).map(({ day, groups }) => (
          <section key={day} aria-label={day}>
            <Heading className="text-quiet bg-sunken/60 border-line border-b px-4 py-1 text-xs font-medium">
              {day}
            </Heading>
            {groups.map((group) => (
              <GroupShown key={group.name} group={group} marking={marking} onFollow={onFollow} />
            ))}
          </section>
        ))}
        {feed.hasNextPage && (
          <p className="p-3 text-center">
            <Button size="sm" busy={feed.isFetchingNextPage} onClick={() => void feed.fetchNextPage()}>
              Show older ones
            </Button>
          </p>
        )}
      </div>
    </>
  );
}

/** j and k walk, e archives, u turns unread: done for the item that has the focus. Tells whether the key was one of them. */
function useKeys(list: React.RefObject<HTMLDivElement | null>, items: Item[], marking: Marking) {
  return (key: string): boolean => {
    const lines = [...(list.current?.querySelectorAll<HTMLElement>("[data-item]") ?? [])];
    const at = lines.findIndex((line) => line.contains(document.activeElement));
    const focus = (index: number) =>
      lines[Math.max(0, Math.min(lines.length - 1, index))]?.querySelector<HTMLElement>("button")?.focus();
    if (key === "j" || key === "ArrowDown") focus(at + 1);
    else if (key === "k" || key === "ArrowUp") focus(at < 0 ? 0 : at - 1);
    else if (key === "e" || key === "u") {
      const item = items.find(({ id }) => id === lines[at]?.dataset.item);
      if (!item) return false;
      if (key === "u") marking(item.read_at ? "unread" : "read", [item]);
      else {
        // The item leaves the list: the next one takes the focus.
        focus(at + 1 < lines.length ? at + 1 : at - 1);
        marking(item.archived_at ? "unarchived" : "archived", [item]);
      }
    } else return false;
    return true;
  };
}

type GroupShownProps = { group: Group; marking: Marking; onFollow: (() => void) | undefined };

function GroupShown({ group, marking, onFollow }: GroupShownProps) {
  const [isOpen, setOpen] = useState(false);
  const hidden = isOpen ? 0 : Math.max(0, group.items.length - SHOWN);
  const name = words(group.name.replaceAll("-", " "));
  const inInbox = group.items.filter((item) => !item.archived_at);
  return (
    <>
      {group.items.length > 1 && (
        <p className="text-quiet flex items-center gap-2 px-4 pt-2 text-xs">
          <span className="flex-1 first-letter:uppercase">
            {name} · {group.items.length}
          </span>
          {inInbox.length > 0 && (
            <Button kind="ghost" size="sm" onClick={() => marking("archived", inInbox)}>
              Archive these
            </Button>
          )}
        </p>
      )}
      <ol className="divide-line border-line divide-y border-b">
        {group.items.slice(0, group.items.length - hidden).map((item) => (
          <Line key={item.id} item={item} marking={marking} onFollow={onFollow} />
        ))}
      </ol>
      {hidden > 0 && (
        <p className="border-line border-b px-4 py-1">
          <Button kind="ghost" size="sm" onClick={() => setOpen(true)}>
            {hidden} more: {name}
          </Button>
        </p>
      )}
    </>
  );
}

type LineProps = { item: Item; marking: Marking; onFollow: (() => void) | undefined };

function Line({ item, marking, onFollow }: LineProps) {
  const navigate = useNavigate();
  const target = targetOf(item);
  const together = item.total_activities ?? 1;
  const line = lineOf(item);
  const follow = () => {
    marking(target ? "interacted" : "read", [item]);
    if (!target) return;
    onFollow?.();
    if ("path" in target) void navigate({ to: target.path });
    else window.open(target.href, "_blank", "noopener");
  };
  return (
    <li data-item={item.id} className="group hover:bg-sunken/60 focus-within:bg-sunken/60 flex items-start">
      <button
        type="button"
        onClick={follow}
        className="focus-inside flex min-w-0 flex-1 cursor-pointer gap-2.5 py-2.5 pl-4 text-left"
      >
        <span
          aria-hidden
          className={cx("mt-1.5 size-2 shrink-0 rounded-full", item.read_at ? "bg-line" : "bg-bronze")}
        />
        <span className="min-w-0">
          <span className={cx("block wrap-anywhere", !item.read_at && "font-medium")}>
            {!item.read_at && <span className="sr-only">Unread: </span>}
            {line}
          </span>
          <Time at={item.inserted_at} />
          {together > 1 && <span className="text-quiet text-xs"> · {together} together</span>}
        </span>
      </button>
      <span className="mt-1 mr-1.5 flex shrink-0">
        <IconButton
          label={`${item.read_at ? "Mark as unread" : "Mark as read"}: ${line}`}
          onClick={() => marking(item.read_at ? "unread" : "read", [item])}
        >
          {item.read_at ? <Mail className="size-4" /> : <MailOpen className="size-4" />}
        </IconButton>
        <IconButton
          label={`${item.archived_at ? "Take out of the archive" : "Archive"}: ${line}`}
          onClick={() => marking(item.archived_at ? "unarchived" : "archived", [item])}
        >
          {item.archived_at ? <ArchiveRestore className="size-4" /> : <Archive className="size-4" />}
        </IconButton>
      </span>
    </li>
  );
}
