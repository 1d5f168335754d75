// A JSON value as a tree: fold, search, copy a value or its path. Only what is open is rendered.

import type { KeyboardEvent } from "react";
import { useCallback, useDeferredValue, useLayoutEffect, useMemo, useRef, useState } from "react";

import { CopyButton } from "./copy-button";
import { Item, MoreItem } from "./json-rows";
import { SearchField } from "./json-search-field";
import type { MoreRow } from "./json-tree";
import * as tree from "./json-tree";
import { treeKey } from "./json-tree-keys";

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
