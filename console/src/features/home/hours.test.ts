import { expect, test } from "vitest";

import { added, lastHours, summed, valuesOf } from "./hours";

const NOW = Date.parse("2026-03-01T10:20:00Z");

test("hours in which nothing happened are nothing, not missing", () => {
  const times = lastHours(3, NOW);
  expect(times.map((time) => new Date(time * 1000).toISOString())).toEqual([
    "2026-03-01T08:00:00.000Z",
    "2026-03-01T09:00:00.000Z",
    "2026-03-01T10:00:00.000Z",
  ]);
  const hour = { at: "2026-03-01T09:00:00.000000Z", queued: 5, completed: 4, failed: 1 };
  expect(valuesOf([hour], times, ({ queued }) => queued)).toEqual([0, 5, 0]);
});

test("a week is summed by six hours", () => {
  const { times, values } = summed([0, 1, 2, 3, 4, 5], [1, 1, 1, 2, 2, 2], 3);
  expect(times).toEqual([0, 3]);
  expect(values).toEqual([3, 6]);
});

test("counters are added hour by hour", () => {
  expect(
    added([
      [1, 2],
      [3, 4],
    ]),
  ).toEqual([4, 6]);
});
