// The numbers behind a time chart: stacking, what is written at the axes, and what the table shows.

import { duration } from "./durations";

/** Sums from the last series upwards, so that the first lies on top; null counts as nothing. */
export function stacked(series: (number | null)[][]): number[][] {
  const sums: number[][] = [];
  for (let index = series.length - 1; index >= 0; index--) {
    const below = sums[0];
    sums.unshift((series[index] ?? []).map((value, at) => (value ?? 0) + (below?.[at] ?? 0)));
  }
  return sums;
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** A value with its unit. `ms` becomes a duration, `%` stands close; at an axis large numbers are shortened. */
export function withUnit(value: number | null | undefined, unit = "", isAxis = false): string {
  if (value === null || value === undefined) return "–";
  if (unit === "ms") return duration(value);
  const number = isAxis && Math.abs(value) >= 10_000 ? compact.format(value) : plain.format(value);
  if (unit === "%") return `${number}%`;
  return unit && !isAxis ? `${number} ${unit}` : number;
}

const DAY = 86_400;

/** Marks of the time axis, in the reader's zone: the day at midnight and from a day's step on, the clock otherwise. */
export function timeLabels(times: number[], step: number, timeZone?: string): string[] {
  const clock = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(step < 60 ? { second: "2-digit" } : {}),
    timeZone,
  });
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone });
  return times.map((time) => {
    const date = new Date(time * 1000);
    if (step >= DAY) return day.format(date);
    const text = clock.format(date);
    return text === "00:00" || text === "00:00:00" ? day.format(date) : text;
  });
}

/** A moment in full, for the legend and the table. */
export function moment(time: number): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(new Date(time * 1000));
}

/** One sentence for those who do not see the drawing. */
export function chartSummary(
  label: string,
  times: number[],
  series: { name: string; values: (number | null)[] }[],
  unit?: string,
): string {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return `${label}: no data`;
  const parts = series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${name} has no values`;
    return `${name} from ${withUnit(Math.min(...known), unit)} to ${withUnit(Math.max(...known), unit)}`;
  });
  return `${label}, ${moment(first)} to ${moment(last)}: ${parts.join(", ")}`;
}
