// The place in a table by history entry: how far it was scrolled, which row was current, which rows were chosen. Back restores it.

import { useLocation } from "@tanstack/react-router";
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

export type Place = { top: number; at: number; chosen: ReadonlySet<string> };

const START: Place = { top: 0, at: 0, chosen: new Set() };
const places = new Map<string, Place>();
/** So many are kept, the latest ones. */
const MOST = 100;

function keep(key: string, place: Place) {
  places.delete(key);
  places.set(key, place);
  const oldest = places.keys().next();
  if (places.size > MOST && !oldest.done) places.delete(oldest.value);
}

/** The filters of an address: everything but the panel that is open. */
const filtersIn = (search: object) =>
  Object.entries(search)
    .filter(([name]) => name !== "open")
    .join("&");

type TablePlace = {
  /** The place at which the table begins. */
  first: Place;
  save: (changes: Partial<Place>) => void;
};

/** `name` tells tables of one page apart. The scroller is brought to its place once there are rows. */
export function useTablePlace(name: string, scroller: RefObject<HTMLElement | null>, hasRows: boolean): TablePlace {
  const { pathname, search, state } = useLocation();
  const path = useRef(pathname);
  const entry = `${name} ${state.__TSR_key ?? ""}`;
  // A page that is left still stands for a moment while the address names the next one.
  const isHere = pathname === path.current;
  const key = useRef(entry);
  const filters = useRef(filtersIn(search));
  const [first] = useState(() => places.get(entry) ?? START);
  const wanted = useRef<number | undefined>(first.top);

  const restore = useCallback(() => {
    if (wanted.current === undefined || !scroller.current) return;
    scroller.current.scrollTop = wanted.current;
    wanted.current = undefined;
  }, [scroller]);

  useEffect(() => {
    if (!isHere || key.current === entry) return;
    const before = places.get(key.current) ?? START;
    key.current = entry;
    const found = places.get(entry);
    const now = filtersIn(search);
    if (now === filters.current) {
      if (!found) keep(entry, before);
      return;
    }
    filters.current = now;
    wanted.current = found?.top ?? 0;
    if (hasRows) restore();
  }, [isHere, entry, search, hasRows, restore]);

  useLayoutEffect(() => {
    if (hasRows) restore();
  }, [hasRows, restore]);

  const save = useCallback((changes: Partial<Place>) => {
    keep(key.current, { ...(places.get(key.current) ?? START), ...changes });
  }, []);
  return { first, save };
}
