// The results, the best first. They are walked through by keys, from the field into the list and back.

import { type KeyboardEvent, useEffect, useRef } from "react";

import { Score } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { cx } from "../../components/ui/cx";
import { useGo } from "../../components/ui/go";
import { Mark } from "../../components/ui/provider-mark";
import { Time } from "../../components/ui/time";
import { useHotkeys } from "../../lib/hotkeys";
import { readTitle } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useUrl } from "../../lib/url";
import { Explanation } from "./explanation";
import { partsOf } from "./highlights";
import type { Hit, Search } from "./use-search";

/** The row that has the focus is left upwards to the field. */
const field = () => document.querySelector<HTMLElement>("main input[type=search]");

/** Gives the focus to the first result. */
export const toFirst = () => document.querySelector<HTMLElement>("[data-row]")?.focus();

export function ResultList({ search, threshold, showsScores }: ListProps) {
  const list = useRef<HTMLOListElement>(null);
  const url = useUrl();
  const go = useGo();
  const opened = url.get("open");
  const rows = () => [...(list.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
  const focused = () => rows().find((row) => row === document.activeElement);
  const walk = (step: number) => {
    const all = rows();
    const at = all.findIndex((row) => row === document.activeElement || row.dataset.row === opened);
    const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
    next?.focus();
    if (next && opened) url.set({ open: next.dataset.row }, { replace: true });
  };
  useHotkeys([
    { keys: "j", title: "Next result", run: () => walk(1) },
    { keys: "k", title: "Result before", run: () => walk(-1) },
    {
      keys: "o",
      title: "Open the result as a page",
      run: () => {
        const id = focused()?.dataset.row;
        if (id) void go(paths.observation(id));
      },
    },
    { keys: "Escape", title: "Back to the field", run: () => focused() && field()?.focus() },
  ]);
  // A link, or the way back, shows the result that is open.
  const isThere = search.hits.some(({ id }) => id === opened);
  useEffect(() => {
    if (opened && isThere)
      list.current?.querySelector(`[data-row="${CSS.escape(opened)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [opened, isThere]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (event.key === "ArrowUp" && !opened && rows()[0] === document.activeElement) field()?.focus();
    else walk(event.key === "ArrowDown" ? 1 : -1);
  };
  return (
    <>
      <ol
        ref={list}
        aria-label="Results"
        aria-busy={search.isStale}
        onKeyDown={onKey}
        className={cx("divide-line divide-y transition-opacity", search.isStale && "opacity-60 delay-300")}
      >
        {search.hits.map((hit) => (
          <Result key={hit.id} hit={hit} isOpen={hit.id === opened} threshold={threshold} showsScore={showsScores} />
        ))}
      </ol>
      {search.hasMore && (
        <p className="border-line border-t px-4 py-3 sm:px-6">
          <Button busy={search.isLoadingMore} onClick={search.loadMore}>
            More results
          </Button>
        </p>
      )}
    </>
  );
}

type ListProps = { search: Search; threshold?: number; showsScores: boolean };
type ResultProps = { hit: Hit; isOpen: boolean; threshold?: number; showsScore: boolean };

function Result({ hit, isOpen, threshold, showsScore }: ResultProps) {
  const url = useUrl();
  const { kind, text } = readTitle(hit);
  return (
    <li className={cx(isOpen && "bg-bronze-tint")}>
      <button
        type="button"
        data-row={hit.id}
        aria-pressed={isOpen}
        onClick={() => url.set({ open: hit.id }, { replace: url.get("open") !== undefined })}
        className={cx(
          "focus-inside flex w-full cursor-pointer items-start gap-3 px-4 py-3 text-left sm:px-6",
          !isOpen && "hover:bg-sunken",
        )}
      >
        <Mark provider={hit.source} size="sm" />
        <span className="min-w-0 flex-1">
          <span className="flex items-start gap-2">
            <span className="min-w-0 flex-1 font-medium wrap-anywhere">{text}</span>
            <Score value={hit.significance} threshold={threshold} />
            {showsScore && (
              <span
                title="The score: how well it fits, from 0 to 1"
                className="text-quiet w-8 shrink-0 text-right text-xs/5 tabular-nums"
              >
                <span className="sr-only">Score </span>
                {hit.score.toFixed(2)}
              </span>
            )}
          </span>
          <span className="text-quiet block text-xs">
            {[providerName(hit.source), kind, hit.actor?.name].filter(Boolean).join(" · ")} ·{" "}
            <Time at={hit.occurredAt} />
          </span>
          <Snippet hit={hit} />
        </span>
      </button>
      {hit.explain && (
        <div className="px-4 pb-3 pl-13 sm:px-6 sm:pl-15">
          <Explanation parts={hit.explain} />
        </div>
      )}
    </li>
  );
}

function Snippet({ hit: { snippet, highlights } }: { hit: Hit }) {
  if (!snippet.trim()) return null;
  return (
    <span className="mt-1 line-clamp-3 max-w-prose text-pretty wrap-anywhere">
      {partsOf(snippet, highlights).map(({ text, isMarked, at }) =>
        isMarked ? (
          <mark key={at} className="bg-bronze-tint text-bronze rounded-xs font-semibold">
            {text}
          </mark>
        ) : (
          <span key={at}>{text}</span>
        ),
      )}
    </span>
  );
}
