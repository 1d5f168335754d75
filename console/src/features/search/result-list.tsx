// The results, the best first: each with the words that fit, and the parts of its score if they were asked for.

import { type RefObject, useEffect, useRef } from "react";

import { Score } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { cx } from "../../components/ui/cx";
import { Go } from "../../components/ui/go";
import { Mark } from "../../components/ui/provider-mark";
import { Time } from "../../components/ui/time";
import { paths } from "../../lib/paths";
import { useUrl } from "../../lib/url";
import { Explanation } from "./explanation";
import { markedParts, type Part } from "./highlights";
import { groupOf, titleOf } from "./hit-words";
import { useResultWalk } from "./result-walk";
import type { Hit, Search } from "./use-search";

export function ResultList({ search, threshold, showsScores, scroller }: ListProps) {
  const list = useRef<HTMLOListElement>(null);
  const url = useUrl();
  const opened = url.get("open");
  const { onKey, onFocus } = useResultWalk(list, scroller, search);
  // A link, or the way back, shows the result that is open.
  const isThere = search.hits.some(({ id }) => id === opened);
  useEffect(() => {
    if (opened && isThere)
      list.current?.querySelector(`[data-row="${CSS.escape(opened)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [opened, isThere]);
  return (
    <>
      <ol
        ref={list}
        aria-label="Results"
        aria-busy={search.isStale}
        onKeyDown={onKey}
        onFocus={onFocus}
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

type ListProps = {
  search: Search;
  threshold?: number;
  showsScores: boolean;
  /** The box that scrolls. */
  scroller: RefObject<HTMLElement | null>;
};
type ResultProps = { hit: Hit; isOpen: boolean; threshold?: number; showsScore: boolean };

function Result({ hit, isOpen, threshold, showsScore }: ResultProps) {
  const url = useUrl();
  const { kind, text } = titleOf(hit);
  const parts = markedParts(text, hit.snippet, hit.highlights);
  return (
    <li className={isOpen ? "bg-bronze-tint" : "hover:bg-sunken"}>
      <button
        type="button"
        data-row={hit.id}
        aria-pressed={isOpen}
        onClick={() => url.set({ open: hit.id }, { replace: url.get("open") !== undefined })}
        className="focus-inside flex w-full cursor-pointer items-start gap-3 px-4 py-3 text-left sm:px-6"
      >
        <Mark provider={hit.source} size="sm" />
        <span className="min-w-0 flex-1">
          <span className="flex items-start gap-2">
            <span className="min-w-0 flex-1 font-medium wrap-anywhere">
              <Marked parts={parts.title} />
              {hit.headings.length > 0 && <span className="text-quiet font-normal"> › {hit.headings.join(" › ")}</span>}
            </span>
            {typeof hit.significance === "number" && <Score value={hit.significance} threshold={threshold} />}
          </span>
          <span className="text-quiet block text-xs">
            {[groupOf(hit), kind, hit.actor?.name].filter(Boolean).join(" · ")} · <Time at={hit.occurredAt} />
            {showsScore && (
              <span title="How well it fits, from 0 to 1" className="tabular-nums">
                {" "}
                · score {hit.score.toFixed(2)}
              </span>
            )}
          </span>
          {parts.snippet.length > 0 && (
            <span className="mt-1 line-clamp-3 max-w-prose text-pretty wrap-anywhere">
              <Marked parts={parts.snippet} />
            </span>
          )}
        </span>
      </button>
      {hit.explain && (
        <div className="px-4 pb-3 pl-13 sm:px-6 sm:pl-15">
          <Explanation parts={hit.explain} />
          <Go
            to={paths.searchRank}
            search={{ ...url.all, id: hit.id, open: undefined, explain: undefined }}
            className="text-bronze mt-1 inline-block py-1 text-xs underline-offset-2 hover:underline"
          >
            Why this rank
          </Go>
        </div>
      )}
    </li>
  );
}

function Marked({ parts }: { parts: Part[] }) {
  return parts.map(({ text, isMarked, at }) =>
    isMarked ? (
      <mark key={at} className="bg-bronze-tint text-bronze rounded-xs font-semibold">
        {text}
      </mark>
    ) : (
      <span key={at}>{text}</span>
    ),
  );
}
