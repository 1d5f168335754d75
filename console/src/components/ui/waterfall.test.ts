import { expect, test } from "vitest";

import { duration } from "./durations";
import type { WaterfallSpan } from "./waterfall-axis";
import { endOf, waterfallAxis } from "./waterfall-axis";

const START = Date.parse("2026-03-02T08:00:00Z");
const at = (ms: number) => new Date(START + ms).toISOString();
const span = (from: number, to: number | null, more: Partial<WaterfallSpan> = {}): WaterfallSpan => ({
  key: `${from}`,
  name: "Step",
  start: at(from),
  end: to === null ? null : at(to),
  status: "completed",
  ...more,
});

test("without long idle stretches the axis is even", () => {
  const axis = waterfallAxis([span(0, 400), span(400, 1000)], START);
  expect(axis.breaks).toEqual([]);
  expect(axis.place(START)).toBe(0);
  expect(axis.place(START + 250)).toBeCloseTo(0.25);
  expect(axis.place(START + 1000)).toBe(1);
});

test("a long sleep is compressed, so that the work is seen", () => {
  const day = 86_400_000;
  const axis = waterfallAxis(
    [span(0, 1000), span(1000, 3 * day, { kind: "sleep" }), span(3 * day, 3 * day + 1000)],
    START,
  );
  expect(axis.breaks).toHaveLength(1);
  expect(axis.breaks[0]?.ms).toBe(3 * day - 1000);
  expect(axis.place(START + 1000)).toBeCloseTo(0.46);
  expect(axis.place(START + 3 * day)).toBeCloseTo(0.54);
});

test("a step that works for long is never compressed", () => {
  expect(waterfallAxis([span(0, 10), span(10, 100_000)], START).breaks).toEqual([]);
});

test("the pause between two attempts counts as idle", () => {
  const hour = 3_600_000;
  const attempts = [
    { start: at(0), end: at(900), status: "failed" as const },
    { start: at(hour), end: at(hour + 900), status: "completed" as const },
  ];
  expect(waterfallAxis([span(0, hour + 900, { attempts })], START).breaks).toHaveLength(1);
});

test("a run that only sleeps keeps its axis", () => {
  expect(waterfallAxis([span(0, 60_000, { kind: "sleep" })], START).breaks).toEqual([]);
});

test("places never go backwards, whatever the breaks", () => {
  const spans = [span(0, 5), span(100_000, 100_005), span(400_000, 400_050), span(900_000, 900_001)];
  const axis = waterfallAxis(spans, START);
  expect(axis.breaks.length).toBe(3);
  let before = 0;
  for (let ms = 0; ms <= 900_001; ms += 1013) {
    const place = axis.place(START + ms);
    expect(place).toBeGreaterThanOrEqual(before);
    before = place;
  }
  expect(axis.place(START + 900_001)).toBeCloseTo(1);
});

test("marks stand at round steps and are few", () => {
  const { ticks } = waterfallAxis([span(0, 5600)], START);
  expect(ticks.map(({ ms }) => ms)).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
});

test("a step that lasts ends now; one that was skipped ends where it starts", () => {
  expect(endOf(span(0, null, { status: "running" }), START + 70)).toBe(START + 70);
  expect(endOf(span(5, null, { status: "skipped" }), START + 70)).toBe(START + 5);
});

test("a run without steps has an axis all the same", () => {
  expect(waterfallAxis([], START).place(START)).toBe(0);
});

test.each([
  [0, "0 ms"],
  [340, "340 ms"],
  [999.6, "1 s"],
  [1234, "1.2 s"],
  [12_000, "12 s"],
  [59_990, "1 m"],
  [200_000, "3 m 20 s"],
  [754_000, "13 m"],
  [7_200_000, "2 h"],
  [259_200_000, "3 d"],
  [273_600_000, "3 d 4 h"],
])("%d ms is written %s", (ms, words) => {
  expect(duration(ms)).toBe(words);
});
