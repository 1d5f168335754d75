// A JSON value as a tree: fold, search, copy a value or its path. Only what is open is rendered.

import { ChevronDown, ChevronRight, ChevronUp, Search } from "lucide-react";
import type { KeyboardEvent } from "react";
import { memo, useCallback, useDeferredValue, useLayoutEffect, useMemo, useRef, useState } from "react";

import { CopyButton } from "./copy-button";
import { cx } from "./cx";
import type { JsonRow, MoreRow, TreeRow } from "./json-tree";
import * as tree from "./json-tree";

export interface JsonViewerProps {
  label: string;
  /** Any JSON value. A string is parsed; one that is not JSON is shown as text. */
  value: unknown;
  /** From this height on, in pixels, the tree scrolls. */
  maxHeight?: number;
}

export function JsonViewer({ label, value, maxHeight = 480 }: JsonViewerProps) {
  // Compared as text: a page that builds the value anew on each render keeps the same tree.
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  const parsed = useMemo(() => parse(text), [text]);
  if ("text" in parsed) return <PlainText label={label} text={parsed.text} maxHeight={maxHeight} />;
  return <Tree label={label} root={parsed.root} maxHeight={maxHeight} />;
}

function parse(text: string): { root: unknown } | { text: string } {
  try {
    return { root: JSON.parse(text) };
  } catch {
    return { text };
  }
}

function PlainText({ label, text, maxHeight }: { label: string; text: string; maxHeight: number }) {
  return (
    <section aria-label={label} className="border-line bg-raised min-w-0 overflow-hidden rounded-md border">
      <div className="border-line bg-sunken flex h-9 items-center justify-between border-b px-1 pl-3 text-xs">
        <span className="text-quiet">{text === "" ? "Empty" : "Text"}</span>
        <CopyButton text={text} label="Copy text" />
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: long text scrolls, and the keyboard must reach it
        tabIndex={0}
        style={{ maxHeight }}
        className="overflow-auto p-3 font-mono text-xs/5 wrap-anywhere whitespace-pre-wrap -outline-offset-2"
      >
        {text}
      </pre>
    </section>
  );
}

function Tree({ label, root, maxHeight }: { label: string; root: unknown; maxHeight: number }) {
  const list = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(() => tree.openAtFirst(root));
  const [portions, setPortions] = useState<ReadonlyMap<string, number>>(new Map());
  const [active, setActive] = useState(tree.idOf([]));
  const [request, setRequest] = useState<{ rowId: string; takesFocus: boolean } | null>(null);
  const [whole, setWhole] = useState<ReadonlySet<string>>(new Set());
  const [note, setNote] = useState("");

  const [words, setWords] = useState("");
  const wanted = useDeferredValue(words.trim().toLowerCase());
  const hits = useMemo(() => tree.search(root, wanted), [root, wanted]);
  // Only rows with a hit are given the words, so that a search renders no others anew.
  const hitIds = useMemo(() => new Set(hits.map(tree.idOf)), [hits]);
  const [hit, setHit] = useState(0);

  const rows = useMemo(() => tree.visibleRows(root, open, portions), [root, open, portions]);
  const position = Math.max(
    rows.findIndex((row) => row.id === active),
    0,
  );
  const current = rows[position];
  const selected = current && !tree.isMore(current) ? current : null;

  const focusRow = useCallback((rowId: string, takesFocus = true) => {
    setActive(rowId);
    setRequest({ rowId, takesFocus });
  }, []);

  // Once the rows are there: a row may have come into being by the same key press.
  useLayoutEffect(() => {
    if (!request) return;
    const items = list.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [];
    const row = [...items].find((one) => one.dataset.row === request.rowId);
    row?.scrollIntoView?.({ block: "nearest" });
    if (request.takesFocus) row?.focus({ preventScroll: true });
  }, [request]);

  const toggle = useCallback((rowId: string, shouldOpen?: boolean) => {
    setOpen((before) => {
      const after = new Set(before);
      if (shouldOpen ?? !before.has(rowId)) after.add(rowId);
      else after.delete(rowId);
      return after;
    });
  }, []);

  const showMore = useCallback(
    (row: MoreRow) => {
      setPortions((before) => new Map(before).set(row.of, row.shown + tree.PORTION));
      focusRow(row.next);
    },
    [focusRow],
  );

  const showWhole = useCallback((rowId: string) => {
    setWhole((before) => new Set(before).add(rowId));
  }, []);

  const goToHit = (index: number, found = hits) => {
    const path = found[index];
    if (!path) return;
    setHit(index);
    const needed = tree.reveal(root, path);
    setOpen((before) => new Set([...before, ...needed.open]));
    setPortions((before) => {
      const after = new Map(before);
      for (const [key, count] of needed.portions) after.set(key, Math.max(count, after.get(key) ?? 0));
      return after;
    });
    focusRow(tree.idOf(path), false);
  };

  const find = (text: string) => {
    setWords(text);
    goToHit(0, tree.search(root, text));
  };

  const unfold = () => {
    const all = tree.unfoldAll(root);
    setOpen(all.open);
    setNote(all.isComplete ? "" : `The first ${tree.UNFOLD_LIMIT.toLocaleString("en")} rows are unfolded`);
  };

  const fold = () => {
    setOpen(new Set([tree.idOf([])]));
    setNote("");
    focusRow(tree.idOf([]), false);
  };

  const step = (by: number) => {
    const target = rows[Math.min(Math.max(position + by, 0), rows.length - 1)];
    if (target) focusRow(target.id);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (!current || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = treeKey(event.key, rows, position, {
      step,
      focus: focusRow,
      toggle,
      press: () => {
        if (tree.isMore(current)) showMore(current);
        else if (current.size !== null) toggle(current.id);
        else showWhole(current.id);
      },
    });
    if (!act) return;
    event.preventDefault();
    act();
  };

  const isFlat = !tree.isBranch(root);
  return (
    <section aria-label={label} className="border-line bg-raised min-w-0 overflow-hidden rounded-md border text-xs">
      {!isFlat && (
        <div className="border-line bg-sunken flex flex-wrap items-center gap-x-1 border-b px-1 py-1">
          <SearchField
            words={words}
            count={hits.length}
            at={hit}
            onWords={find}
            onStep={(by) => goToHit((hit + by + hits.length) % hits.length)}
          />
          <span className="ml-auto flex">
            <button type="button" onClick={unfold} className={BUTTON}>
              Unfold all
            </button>
            <button type="button" onClick={fold} className={BUTTON}>
              Fold all
            </button>
          </span>
        </div>
      )}
      <div
        ref={list}
        role="tree"
        aria-label={label}
        onKeyDown={onKeyDown}
        style={{ maxHeight }}
        className="overflow-auto py-1 font-mono"
      >
        {rows.map((row, index) =>
          tree.isMore(row) ? (
            <MoreItem key={row.id} row={row} isActive={index === position} onFocus={setActive} onPress={showMore} />
          ) : (
            <Item
              key={row.id}
              row={row}
              words={hitIds.has(row.id) ? wanted : ""}
              isActive={index === position}
              isWhole={whole.has(row.id)}
              onFocus={setActive}
              onToggle={toggle}
              onWhole={showWhole}
            />
          ),
        )}
      </div>
      <div className="border-line bg-sunken flex min-h-9 flex-wrap items-center gap-x-1 border-t px-1 py-1">
        <code
          className="text-quiet min-w-0 flex-1 basis-40 truncate px-2"
          title={selected ? tree.pathText(selected.path) : ""}
        >
          {selected ? tree.pathText(selected.path) || "Whole value" : ""}
        </code>
        {note && <span className="text-quiet px-2">{note}</span>}
        <span className="ml-auto flex">
          <CopyButton
            text={selected ? tree.pathText(selected.path) : ""}
            label="Copy path"
            disabled={!selected?.path.length}
          />
          <CopyButton text={() => tree.valueText(selected?.value)} label="Copy value" disabled={!selected} />
        </span>
      </div>
    </section>
  );
}

const BUTTON =
  "text-quiet hover:bg-raised hover:text-ink h-7 cursor-pointer rounded-md px-2 whitespace-nowrap disabled:cursor-default disabled:opacity-50";

type TreeDeeds = {
  step: (by: number) => void;
  focus: (id: string) => void;
  toggle: (id: string, open: boolean) => void;
  press: () => void;
};

/** The keys of a tree, as the ARIA Authoring Practices describe them. */
function treeKey(key: string, rows: TreeRow[], position: number, deeds: TreeDeeds): (() => void) | null {
  const row = rows[position];
  if (!row) return null;
  const canOpen = !tree.isMore(row) && row.size !== null && row.size > 0;
  switch (key) {
    case "ArrowDown":
      return () => deeds.step(1);
    case "ArrowUp":
      return () => deeds.step(-1);
    case "Home":
      return () => deeds.step(-rows.length);
    case "End":
      return () => deeds.step(rows.length);
    case "PageDown":
      return () => deeds.step(15);
    case "PageUp":
      return () => deeds.step(-15);
    case "ArrowRight":
      if (!canOpen) return null;
      return row.isOpen ? () => deeds.step(1) : () => deeds.toggle(row.id, true);
    case "ArrowLeft": {
      if (canOpen && row.isOpen) return () => deeds.toggle(row.id, false);
      const parent = rows
        .slice(0, position)
        .reverse()
        .find((above) => above.depth < row.depth);
      return parent ? () => deeds.focus(parent.id) : null;
    }
    case "Enter":
    case " ":
      return deeds.press;
    default:
      return null;
  }
}

type SearchFieldProps = {
  words: string;
  count: number;
  at: number;
  onWords: (words: string) => void;
  onStep: (by: number) => void;
};

function SearchField({ words, count, at, onWords, onStep }: SearchFieldProps) {
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

const Item = memo(
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

function MoreItem({ row, isActive, onFocus, onPress }: MoreItemProps) {
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
