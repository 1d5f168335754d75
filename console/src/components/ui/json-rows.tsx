// The rows of a tree of JSON: a key with its value, or how many more there are.

import { ChevronDown, ChevronRight } from "lucide-react";
import { memo } from "react";

import { cx } from "./cx";
import type { JsonRow, MoreRow } from "./json-tree";
import * as tree from "./json-tree";

const ROW =
  "flex min-h-6 scroll-my-6 cursor-default items-start gap-1 py-0.5 pr-3 leading-5 -outline-offset-2 aria-selected:bg-bronze-tint hover:bg-sunken [contain-intrinsic-size:auto_24px] [content-visibility:auto]";

const indent = (depth: number) => ({ paddingLeft: `${Math.min(depth, 24) * 16 + 8}px` });

type ItemProps = {
  row: JsonRow;
  words: string;
  isActive: boolean;
  isWhole: boolean;
  onFocus: (id: string) => void;
  onToggle: (id: string) => void;
  onWhole: (id: string) => void;
};

export const Item = memo(
  function Item({ row, words, isActive, isWhole, onFocus, onToggle, onWhole }: ItemProps) {
    const canOpen = row.size !== null && row.size > 0;
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles the keys of all its items
      <div
        role="treeitem"
        data-row={row.id}
        aria-level={row.depth + 1}
        aria-posinset={row.place}
        aria-setsize={row.siblings}
        aria-selected={isActive}
        aria-expanded={canOpen ? row.isOpen : undefined}
        tabIndex={isActive ? 0 : -1}
        onFocus={() => onFocus(row.id)}
        onClick={() => {
          onFocus(row.id);
          // A text that was just marked with the mouse is not folded away.
          if (canOpen && !getSelection()?.toString()) onToggle(row.id);
        }}
        className={ROW}
        style={indent(row.depth)}
      >
        <span aria-hidden className="text-quiet mt-0.5 size-4 shrink-0">
          {canOpen && (row.isOpen ? <ChevronDown className="size-4" /> : <ChevronRight className="size-4" />)}
        </span>
        <span className="min-w-0 wrap-anywhere">
          {row.name !== null && (
            <>
              <span className={typeof row.name === "number" ? "text-quiet" : "text-ink font-medium"}>
                <Marked text={String(row.name)} words={typeof row.name === "number" ? "" : words} />
              </span>
              <span className="text-quiet">: </span>
            </>
          )}
          <Value row={row} words={words} isWhole={isWhole} onWhole={onWhole} />
        </span>
      </div>
    );
  },
  (before, after) =>
    before.row.id === after.row.id &&
    before.row.value === after.row.value &&
    before.row.isOpen === after.row.isOpen &&
    before.words === after.words &&
    before.isActive === after.isActive &&
    before.isWhole === after.isWhole,
);

type MoreItemProps = {
  row: MoreRow;
  isActive: boolean;
  onFocus: (id: string) => void;
  onPress: (row: MoreRow) => void;
};

export function MoreItem({ row, isActive, onFocus, onPress }: MoreItemProps) {
  const next = Math.min(tree.PORTION, row.total - row.shown);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles the keys of all its items
    <div
      role="treeitem"
      data-row={row.id}
      aria-level={row.depth + 1}
      aria-selected={isActive}
      tabIndex={isActive ? 0 : -1}
      onFocus={() => onFocus(row.id)}
      onClick={() => onPress(row)}
      className={cx(ROW, "text-bronze cursor-pointer")}
      style={indent(row.depth)}
    >
      <span className="pl-5">
        Show {next} more of {(row.total - row.shown).toLocaleString("en")}
      </span>
    </div>
  );
}

const LONG = 300;

function Value({ row, words, isWhole, onWhole }: Pick<ItemProps, "row" | "words" | "isWhole" | "onWhole">) {
  const { value, size } = row;
  if (Array.isArray(value)) return <Summary open="[" close="]" size={size ?? 0} unit="item" isOpen={row.isOpen} />;
  if (tree.isBranch(value)) return <Summary open="{" close="}" size={size ?? 0} unit="key" isOpen={row.isOpen} />;
  if (typeof value !== "string") {
    return (
      <span className={value === null ? "text-quiet" : "text-info"}>
        <Marked text={String(value)} words={words} />
      </span>
    );
  }
  const quoted = JSON.stringify(value);
  const isCut = quoted.length > LONG && !isWhole;
  return (
    <>
      <span className="text-good">
        <Marked text={isCut ? quoted.slice(0, LONG) : quoted} words={words} />
        {isCut && "…"}
      </span>
      {isCut && (
        <button
          type="button"
          tabIndex={-1}
          onClick={() => onWhole(row.id)}
          className="text-bronze ml-1 cursor-pointer font-sans hover:underline"
        >
          Show all {value.length.toLocaleString("en")} characters
        </button>
      )}
    </>
  );
}

type SummaryProps = { open: string; close: string; size: number; unit: string; isOpen: boolean };

function Summary({ open, close, size, unit, isOpen }: SummaryProps) {
  if (size === 0) return <span className="text-quiet">{open + close}</span>;
  return (
    <span className="text-quiet">
      {isOpen ? open : `${open}…${close}`}
      <span className="ml-2 font-sans">
        {size.toLocaleString("en")} {unit}
        {size === 1 ? "" : "s"}
      </span>
    </span>
  );
}

/** The text with each occurrence of the words marked. */
function Marked({ text, words }: { text: string; words: string }) {
  if (!words || !text.toLowerCase().includes(words)) return text;
  const parts: { text: string; at: number; isHit: boolean }[] = [];
  const lower = text.toLowerCase();
  let at = 0;
  for (let hit = lower.indexOf(words); hit >= 0; hit = lower.indexOf(words, at)) {
    if (hit > at) parts.push({ text: text.slice(at, hit), at, isHit: false });
    parts.push({ text: text.slice(hit, hit + words.length), at: hit, isHit: true });
    at = hit + words.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at), at, isHit: false });
  return parts.map((part) =>
    part.isHit ? (
      <mark key={part.at} className="bg-warn-tint text-warn outline-warn rounded-sm outline-1">
        {part.text}
      </mark>
    ) : (
      part.text
    ),
  );
}
