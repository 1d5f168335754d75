import { expect, test } from "vitest";

import { chartSummary, stacked, timeLabels, withUnit } from "./chart-data";
import { sparklinePath } from "./sparkline-path";

test("stacking puts the first series uppermost and takes null as nothing", () => {
  expect(
    stacked([
      [1, null],
      [10, 20],
    ]),
  ).toEqual([
    [11, 20],
    [10, 20],
  ]);
});

test("units are written as people read them", () => {
  expect(withUnit(1500, "ms")).toBe("1.5 s");
  expect(withUnit(99.5, "%")).toBe("99.5%");
  expect(withUnit(12_345, "runs")).toBe("12,345 runs");
  expect(withUnit(12_345, "runs", true)).toBe("12.3K");
  expect(withUnit(null, "runs")).toBe("–");
});

test("midnight is marked with its day, other marks with the clock", () => {
  const midnight = Date.parse("2026-03-02T00:00:00Z") / 1000;
  expect(timeLabels([midnight - 3600, midnight, midnight + 3600], 3600, "UTC")).toEqual(["23:00", "2 Mar", "01:00"]);
  expect(timeLabels([midnight], 86_400, "UTC")).toEqual(["2 Mar"]);
});

test("the summary names the range of each series", () => {
  const words = chartSummary(
    "Latency",
    [0, 60],
    [
      { name: "Median", values: [5, 9] },
      { name: "Idle", values: [null] },
    ],
    "ms",
  );
  expect(words).toMatch(/^Latency, .*: Median from 5 ms to 9 ms, Idle has no values$/);
  expect(chartSummary("Latency", [], [])).toBe("Latency: no data");
});

test("a sparkline breaks at null and draws a lone value as a dot", () => {
  const { line, last } = sparklinePath([1, 2, null, 3], 100, 20);
  expect(line.match(/M/g)).toHaveLength(2);
  expect(line).toMatch(/h0$/);
  expect(last).toEqual({ x: 97, y: 3 });
});

test("a sparkline without values is empty, and one of zeros lies on the ground", () => {
  expect(sparklinePath([], 100, 20)).toEqual({ line: "", area: "", last: null });
  expect(sparklinePath([0, 0], 100, 20).line).toBe("M3 17L97 17");
});
