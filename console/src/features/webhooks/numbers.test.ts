import { describe, expect, it } from "vitest";

import { lastDays, percentile, shareOf } from "./numbers";

describe("a share", () => {
  it("has a decimal only where it is small", () => {
    expect(shareOf(1, 80)).toBe("1.3 %");
    expect(shareOf(1, 3)).toBe("33 %");
  });
  it("is neither all nor nothing where it is not quite", () => {
    expect(shareOf(999, 1_000)).toBe("99 %");
    expect(shareOf(1, 100_000)).toBe("0.1 %");
    expect(shareOf(0, 5)).toBe("0 %");
    expect(shareOf(5, 5)).toBe("100 %");
    expect(shareOf(0, 0)).toBe("–");
  });
});

it("a percentile is one of the values", () => {
  expect(percentile([30, 10, 20], 0.5)).toBe(20);
  expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 100], 0.95)).toBe(100);
  expect(percentile([], 0.95)).toBeUndefined();
});

it("the last days end with today", () => {
  const now = Date.parse("2026-03-02T13:00:00Z");
  expect(lastDays(3, now).map((day) => new Date(day).toISOString().slice(0, 10))).toEqual([
    "2026-02-28",
    "2026-03-01",
    "2026-03-02",
  ]);
});
