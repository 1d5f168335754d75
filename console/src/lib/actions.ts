// The actions of the page that is shown, for the palette: each page names its own.

import { type ReactNode, useEffect, useId, useSyncExternalStore } from "react";

export type Action = { title: string; icon?: ReactNode; keys?: string; run: () => void };

const offers = new Map<string, Action[]>();
const watchers = new Set<() => void>();
let offered: Action[] = [];

function tell() {
  offered = [...offers.values()].flat();
  for (const watcher of watchers) watcher();
}

/** Offers what a page can do for as long as it is shown. */
export function usePageActions(actions: Action[]) {
  const page = useId();
  useEffect(() => {
    offers.set(page, actions);
    tell();
  }, [page, actions]);
  useEffect(
    () => () => {
      offers.delete(page);
      tell();
    },
    [page],
  );
}

function watch(watcher: () => void) {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** The actions that can be done now: the list follows a page that is still loaded when the palette opens. */
export const useOfferedActions = (): Action[] => useSyncExternalStore(watch, () => offered);
