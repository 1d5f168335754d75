// The search of a tree of JSON: the words, and a step to the result before and the next one.

import { ChevronDown, ChevronUp, Search } from "lucide-react";
import type { KeyboardEvent } from "react";

type SearchFieldProps = {
  words: string;
  count: number;
  at: number;
  onWords: (words: string) => void;
  onStep: (by: number) => void;
};

export function SearchField({ words, count, at, onWords, onStep }: SearchFieldProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && count > 0) {
      event.preventDefault();
      onStep(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && words) {
      event.preventDefault();
      event.stopPropagation();
      onWords("");
    }
  };
  return (
    <span className="flex min-w-0 flex-1 basis-56 items-center gap-1">
      <span className="relative min-w-24 flex-1 sm:max-w-56">
        <Search aria-hidden className="text-quiet absolute top-1/2 left-2 size-3.5 -translate-y-1/2" />
        <input
          type="search"
          aria-label="Search keys and values"
          placeholder="Search"
          value={words}
          onChange={(event) => onWords(event.target.value)}
          onKeyDown={onKeyDown}
          className="border-line bg-raised placeholder:text-quiet h-7 w-full rounded-md border pr-2 pl-7"
        />
      </span>
      <button
        type="button"
        aria-label="Previous result"
        disabled={count === 0}
        onClick={() => onStep(-1)}
        className={ICON}
      >
        <ChevronUp aria-hidden className="size-3.5" />
      </button>
      <button type="button" aria-label="Next result" disabled={count === 0} onClick={() => onStep(1)} className={ICON}>
        <ChevronDown aria-hidden className="size-3.5" />
      </button>
      <span role="status" className="text-quiet min-w-16 whitespace-nowrap tabular-nums">
        {words.trim() && (count ? `${at + 1} of ${count}${count >= 1000 ? "+" : ""}` : "No results")}
      </span>
    </span>
  );
}

const ICON =
  "text-quiet hover:bg-raised hover:text-ink inline-grid size-7 shrink-0 cursor-pointer place-items-center rounded-md disabled:cursor-default disabled:opacity-40";
