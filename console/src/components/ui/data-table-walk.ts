// Walking through a table by keys: the current row has the focus, and what is out of sight comes into it.

import { type KeyboardEvent, type RefObject, useState } from "react";

import { useHotkeys } from "../../lib/hotkeys";

type WalkProps<T> = {
  rows: T[];
  scroller: RefObject<HTMLDivElement | null>;
  /** Where the row stands whose panel is open; -1 without one. */
  openedAt: number;
  /** The row that is current at first. */
  first: number;
  /** Hears which row is current. */
  onAt: (index: number) => void;
  /** Brings a row into sight. */
  show: (index: number) => void;
  open: (row: T) => void;
  onWalk: (row: T) => void;
  /** Chooses a row, or no longer; without it rows cannot be chosen. */
  choose: ((row: T) => void) | undefined;
};

export function useWalk<T>({ rows, scroller, openedAt, first, onAt, show, open, onWalk, choose }: WalkProps<T>) {
  const [at, setAtNow] = useState(first);
  const setAt = (index: number) => {
    setAtNow(index);
    onAt(index);
  };
  const go = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    const row = rows[next];
    if (row === undefined) return;
    setAt(next);
    show(next);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus({ preventScroll: true }),
    );
    onWalk(row);
  };
  const isBegun = () => openedAt >= 0 || Boolean(scroller.current?.contains(document.activeElement));
  const from = openedAt >= 0 ? openedAt : at;
  const current = rows[at];
  const choosing = { keys: "x", title: "Choose the row", run: () => current !== undefined && choose?.(current) };
  useHotkeys([
    { keys: "j", title: "Next row", run: () => go(isBegun() ? from + 1 : at) },
    { keys: "k", title: "Row before", run: () => go(from - 1) },
    ...(choose ? [choosing] : []),
  ]);
  const onKey = (event: KeyboardEvent, row: T) => {
    if (event.target !== event.currentTarget) return;
    const to = destination(event.key, at, rows.length);
    if (event.key !== "Enter" && to === undefined) return;
    event.preventDefault();
    if (to === undefined) open(row);
    else go(to);
  };
  return { at, setAt, onKey };
}

/** Where a key leads from a row. */
function destination(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return at + 1;
    case "ArrowUp":
      return at - 1;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}
