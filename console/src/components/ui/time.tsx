// A moment: how long ago, and exactly when for whoever points at it. The words follow the clock.

import { useSyncExternalStore } from "react";

import { ago, exactly } from "../../lib/format";
import { cx } from "./cx";

/** How often what is shown is looked at again. */
const PACE = 15_000;
let now = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  for (const tell of listeners) tell();
}, PACE);
const follow = (tell: () => void) => {
  listeners.add(tell);
  return () => void listeners.delete(tell);
};

export function Time({ at, className }: { at: string; className?: string }) {
  const seen = useSyncExternalStore(follow, () => now);
  const clock = Date.now();
  // An event that came since the clock was looked at is not in the future.
  const moment = Math.min(Date.parse(at), clock);
  const words = ago(at, Math.max(seen, clock - PACE, moment));
  return (
    <time
      dateTime={at}
      title={exactly(at)}
      className={cx("text-quiet text-xs whitespace-nowrap tabular-nums", className)}
    >
      {words}
    </time>
  );
}
