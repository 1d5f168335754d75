// Walking through results by keys: from the field into the list, along it, and back. The place is kept for the way back.

import { type FocusEvent, type KeyboardEvent, type RefObject, useEffect, useRef } from "react";

import { useGo } from "../../components/ui/go";
import { useTablePlace } from "../../components/ui/table-place";
import { useHotkeys } from "../../lib/hotkeys";
import { useUrl } from "../../lib/url";
import { pageOf } from "./hit-words";
import type { Search } from "./use-search";

const field = () => document.querySelector<HTMLInputElement>("main input[type=search]");
const toFirst = () => document.querySelector<HTMLElement>("[data-row]")?.focus();

/** Leads from the field to the first result, once what was typed last is answered. */
export function useLeaving({ answered, isStale, error }: Search) {
  const wanted = useRef(false);
  useEffect(() => {
    if (error) wanted.current = false;
    if (!wanted.current || isStale) return;
    wanted.current = false;
    // Whoever typed on meanwhile stays in the field.
    if (field()?.value.trim() === answered.query) toFirst();
  }, [answered.query, isStale, error]);
  return (isNew: boolean) => {
    wanted.current = isNew;
    if (!isNew) toFirst();
  };
}

export function useResultWalk(
  list: RefObject<HTMLElement | null>,
  scroller: RefObject<HTMLElement | null>,
  search: Search,
) {
  const url = useUrl();
  const go = useGo();
  const opened = url.get("open");
  const { latest, keepAt } = usePlace(scroller, search);
  const rows = () => [...(list.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
  const focused = () => rows().find((row) => row === document.activeElement);
  const walk = (step: number) => {
    const all = rows();
    const current = all.find((row) => row.dataset.row === opened) ?? focused();
    const to = current ? all.indexOf(current) + step : latest.current;
    const next = all[Math.max(0, Math.min(all.length - 1, to))];
    next?.focus();
    if (next && opened) url.set({ open: next.dataset.row }, { replace: true });
  };
  const openFocused = () => {
    const id = focused()?.dataset.row;
    if (!id) return;
    const { to, search } = pageOf(id);
    void go(to, { search });
  };
  useHotkeys([
    { keys: "j", title: "Next result", run: () => walk(1) },
    { keys: "k", title: "Result before", run: () => walk(-1) },
    // An open panel has these keys for itself.
    ...(opened
      ? []
      : [
          { keys: "o", title: "Open the result as a page", run: openFocused },
          { keys: "Escape", title: "Back to the field", run: () => focused() && field()?.focus() },
        ]),
  ]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (event.key === "ArrowUp" && !opened && rows()[0] === document.activeElement) field()?.focus();
    else walk(event.key === "ArrowDown" ? 1 : -1);
  };
  const onFocus = ({ target }: FocusEvent<HTMLElement>) => keepAt(rows().indexOf(target));
  return { onKey, onFocus };
}

/** The row that had the focus last, and how far the list is scrolled; back leads to both. */
function usePlace(scroller: RefObject<HTMLElement | null>, { hits, answered }: Search) {
  const { first, save } = useTablePlace("search", scroller, hits.length > 0);
  const latest = useRef(first.at);
  const asked = useRef(answered.query);
  useEffect(() => {
    if (asked.current !== answered.query) latest.current = 0;
    asked.current = answered.query;
  }, [answered.query]);
  useEffect(() => {
    const box = scroller.current;
    const keep = () => save({ top: box?.scrollTop ?? 0 });
    box?.addEventListener("scroll", keep, { passive: true });
    return () => box?.removeEventListener("scroll", keep);
  }, [scroller, save]);
  const keepAt = (at: number) => {
    if (at < 0) return;
    latest.current = at;
    save({ at });
  };
  return { latest, keepAt };
}
