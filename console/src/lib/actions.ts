// What the page that is shown can do, for the palette: each page names its own.

import { type ReactNode, useEffect, useRef } from "react";

export type Action = { title: string; icon?: ReactNode; keys?: string; run: () => void };

const offered = new Set<{ current: Action[] }>();

export function usePageActions(actions: Action[]) {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    offered.add(latest);
    return () => void offered.delete(latest);
  }, []);
}

export const pageActions = (): Action[] => [...offered].flatMap(({ current }) => current);
