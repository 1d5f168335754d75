// The browser's window: how much room there is, and when it has nothing else to do.

import { type RefObject, useEffect, useState, useSyncExternalStore } from "react";

function matching(query: string) {
  const media = matchMedia(query);
  const follow = (tell: () => void) => {
    media.addEventListener("change", tell);
    return () => media.removeEventListener("change", tell);
  };
  return () => useSyncExternalStore(follow, () => media.matches);
}

/** Room for a panel beside a list. */
export const useWide = matching("(min-width: 1024px)");

/** True if an element is narrower than `least` pixels: on a phone, or beside something else. */
export function useNarrowerThan(element: RefObject<HTMLElement | null>, least: number): boolean {
  const [isNarrow, setNarrow] = useState(() => innerWidth < least);
  useEffect(() => {
    const shown = element.current;
    if (!shown) return;
    const observer = new ResizeObserver(([entry]) => entry && setNarrow(entry.contentRect.width < least));
    observer.observe(shown);
    return () => observer.disconnect();
  }, [element, least]);
  return isNarrow;
}

/** The time, in milliseconds, by which a page has asked for everything it needs. */
const SETTLED = 1_000;

/** Runs `work` a moment later, when the browser has nothing else to do. Returns what takes it back. */
export function whenIdle(work: () => void): () => void {
  let idle: number | undefined;
  const timer = setTimeout(() => {
    // Safari has no such callback.
    if ("requestIdleCallback" in window) idle = requestIdleCallback(work, { timeout: 5_000 });
    else work();
  }, SETTLED);
  return () => {
    clearTimeout(timer);
    if (idle !== undefined) cancelIdleCallback(idle);
  };
}
