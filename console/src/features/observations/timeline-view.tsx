// Observations day by day, each at its hour.

import { type ReactNode, useEffect, useRef } from "react";

import { Score } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { cx } from "../../components/ui/cx";
import { Failure, Skeleton } from "../../components/ui/page";
import type { Observation } from "../../lib/api";
import { useHotkeys } from "../../lib/hotkeys";
import type { List } from "../../lib/list";
import { actorOf, readTitle } from "../../lib/observation";
import { providerName } from "../../lib/providers";
import { useUrl } from "../../lib/url";
import { byDay } from "./days";

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export function TimelineView({
  list,
  threshold,
  empty,
}: {
  list: List<Observation>;
  threshold?: number;
  empty: ReactNode;
}) {
  const end = useRef<HTMLDivElement>(null);
  const view = useRef<HTMLElement>(null);
  const url = useUrl();
  const walk = (step: number) => {
    const all = [...(view.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    const opened = url.get("open");
    const at = all.findIndex((entry) => entry === document.activeElement || entry.dataset.row === opened);
    const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
    next?.focus();
    if (next && opened) url.set({ open: next.dataset.row }, { replace: true });
  };
  useHotkeys([
    { keys: "j", title: "Next observation", run: () => walk(1) },
    { keys: "k", title: "Observation before", run: () => walk(-1) },
  ]);
  const latest = useRef(list);
  latest.current = list;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it looks again whether the end is in view when rows have come
  useEffect(() => {
    const watch = new IntersectionObserver(([entry]) => {
      const { hasMore, isLoadingMore, error, loadMore } = latest.current;
      if (entry?.isIntersecting && hasMore && !isLoadingMore && !error) loadMore();
    });
    if (end.current) watch.observe(end.current);
    return () => watch.disconnect();
  }, [list.rows.length]);
  return (
    <section
      ref={view}
      aria-label="Timeline"
      className="border-line bg-raised relative min-h-0 min-w-0 flex-1 overflow-y-auto border-t"
    >
      {list.fresh > 0 && (
        <div className="sticky top-2 z-10 flex h-0 justify-center">
          <Button kind="primary" size="sm" className="rounded-full!" onClick={list.showFresh}>
            {list.fresh} new
          </Button>
        </div>
      )}
      {list.isPending && <Skeleton lines={8} />}
      {list.error && <Failure error={list.error} onRetry={list.retry} />}
      {!list.isPending && !list.error && list.rows.length === 0 && empty}
      {byDay(list.rows).map(({ day, title, items }) => (
        <section key={day} aria-label={title}>
          <h2 className="border-line bg-sunken sticky top-0 z-[5] flex h-8 items-center gap-2 border-b px-4 text-xs font-medium sm:px-6">
            {title}
            <span className="text-quiet font-normal tabular-nums">{items.length}</span>
          </h2>
          <ol className="px-4 py-2 sm:px-6">
            {items.map((it) => (
              <Entry key={it.id} observation={it} threshold={threshold} />
            ))}
          </ol>
        </section>
      ))}
      {list.isLoadingMore && <Skeleton lines={2} />}
      <div ref={end} className="h-px" />
    </section>
  );
}

function Entry({ observation, threshold }: { observation: Observation; threshold?: number }) {
  const url = useUrl();
  const { kind, text } = readTitle(observation);
  const isOpen = url.get("open") === observation.id;
  return (
    <li className="relative flex gap-3 before:absolute before:top-8 before:bottom-0 before:left-[3.9rem] before:w-px before:bg-[var(--line)] last:before:hidden">
      <time dateTime={observation.occurred_at} className="text-quiet w-10 shrink-0 pt-2 text-xs tabular-nums">
        {clock.format(new Date(observation.occurred_at))}
      </time>
      <button
        type="button"
        data-row={observation.id}
        aria-pressed={isOpen}
        onClick={() => url.set({ open: observation.id }, { replace: url.get("open") !== undefined })}
        className={cx(
          "focus-inside hover:bg-sunken relative flex min-w-0 flex-1 cursor-pointer items-start gap-2.5 rounded-md px-1.5 py-1.5 text-left",
          isOpen && "bg-bronze-tint",
        )}
      >
        <Score value={observation.significance} threshold={threshold} />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{text}</span>
          <span className="text-quiet block truncate text-xs">
            {[providerName(observation.provider), kind, actorOf(observation)?.name].filter(Boolean).join(" · ")}
          </span>
        </span>
      </button>
    </li>
  );
}
