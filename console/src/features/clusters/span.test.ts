import { expect, test } from "vitest";

import { spanOf } from "./span";

const at = (day: number, hour = 0) => new Date(2026, 1, day, hour).toISOString();
const of = (first: string, last: string) => ({ first_at: first, last_at: last });

test("bars lie in whole days from the first event to the last", () => {
  const { bar } = spanOf([of(at(1, 12), at(2, 12)), of(at(4), at(4, 23))]);
  expect(bar(of(at(1, 12), at(2, 12)))).toEqual({ left: 0.125, width: 0.25 });
  expect(bar(of(at(1), at(5)))).toEqual({ left: 0, width: 1 });
});

test("a moment has a bar that can be seen, and none leaves the timeline", () => {
  const moment = at(1, 23);
  const { bar } = spanOf([of(moment, moment)]);
  const { left, width } = bar(of(moment, moment));
  expect(width).toBeGreaterThan(0.01);
  const end = bar(of(at(2), at(2)));
  expect(end.left + end.width).toBeLessThanOrEqual(1);
  expect(left + width).toBeLessThanOrEqual(1);
});

test("there are at most six marks, whatever the time", () => {
  for (const days of [1, 3, 6, 7, 25, 90]) {
    const { ticks } = spanOf([of(at(1), new Date(2026, 1, days, 5).toISOString())]);
    expect(ticks.length).toBeLessThanOrEqual(6);
    expect(ticks.length).toBeGreaterThan(0);
    expect(ticks[0]?.place).toBe(0);
  }
});
