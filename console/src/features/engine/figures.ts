// Counters by the hour as the values of a chart: hours without any are nothing, and long spans are summed by day.

import type { Statistics, Window } from "./client";

const HOUR = 3_600_000;
const WINDOWS: Record<Window, { hours: number; step: number }> = {
  "24h": { hours: 24, step: 1 },
  "7d": { hours: 7 * 24, step: 6 },
  "30d": { hours: 30 * 24, step: 24 },
};

export type Figures = {
  times: number[];
  completed: number[];
  failed: number[];
  queued: number[];
  average: (number | null)[];
};

export function figuresOf(hours: Statistics["hours"], window: Window, now: number): Figures {
  const { hours: count, step } = WINDOWS[window];
  const size = step * HOUR;
  const last = Math.floor(now / size) * size;
  const first = last - (Math.ceil(count / step) - 1) * size;
  const times = Array.from({ length: Math.ceil(count / step) }, (_, at) => first + at * size);
  const none = () => times.map(() => 0);
  const sums = { completed: none(), failed: none(), queued: none(), spent: none() };
  for (const hour of hours) {
    const at = Math.floor((Date.parse(hour.at) - first) / size);
    if (at < 0 || at >= times.length) continue;
    sums.completed[at] = (sums.completed[at] ?? 0) + hour.completed;
    sums.failed[at] = (sums.failed[at] ?? 0) + hour.failed;
    sums.queued[at] = (sums.queued[at] ?? 0) + hour.queued;
    sums.spent[at] = (sums.spent[at] ?? 0) + (hour.average ?? 0) * hour.completed;
  }
  const average = sums.completed.map((count, at) => (count > 0 ? (sums.spent[at] ?? 0) / count : null));
  return {
    times: times.map((at) => at / 1000),
    completed: sums.completed,
    failed: sums.failed,
    queued: sums.queued,
    average,
  };
}

/** "99.8 %"; what is not quite all never reads as all. */
export function rateOf(rate: number | null | undefined): string {
  if (rate === null || rate === undefined) return "–";
  const percent = rate * 100;
  if (percent === 100 || percent === 0) return `${percent} %`;
  return `${Math.min(percent, 99.9).toFixed(1)} %`;
}
