// Counters by the hour as a chart takes them: every hour has a value, also those in which nothing happened.

import type { Schemas } from "../../lib/api";

type Hour = Schemas["Hour"];

const HOUR = 3_600;

/** The starts of the last hours, in seconds, oldest first; the last one is the hour that goes on. */
export function lastHours(count: number, now: number): number[] {
  const current = Math.floor(now / 1000 / HOUR) * HOUR;
  return Array.from({ length: count }, (_, at) => current - (count - 1 - at) * HOUR);
}

export function valuesOf(hours: Hour[], times: number[], value: (hour: Hour) => number): number[] {
  const known = new Map(hours.map((hour) => [Math.floor(Date.parse(hour.at) / 1000 / HOUR) * HOUR, value(hour)]));
  return times.map((time) => known.get(time) ?? 0);
}

/** Of several hours one: 168 bars are too many to be told apart. */
export function summed(times: number[], values: number[], by: number): { times: number[]; values: number[] } {
  const at = times.filter((_, index) => index % by === 0);
  return {
    times: at,
    values: at.map((_, index) => values.slice(index * by, (index + 1) * by).reduce((sum, value) => sum + value, 0)),
  };
}

export const added = (lists: number[][]): number[] =>
  (lists[0] ?? []).map((_, at) => lists.reduce((sum, list) => sum + (list[at] ?? 0), 0));
