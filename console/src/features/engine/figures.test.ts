import { describe, expect, it } from "vitest";

import { figuresOf, rateOf } from "./figures";

const NOW = Date.parse("2026-03-02T12:30:00Z");
const hour = (at: string, completed: number, average: number | null = null) => ({
  at,
  completed,
  failed: 1,
  queued: completed + 1,
  average,
});

describe("the values of a chart", () => {
  it("have an entry for every hour of a day, the last of which is now", () => {
    const figures = figuresOf([hour("2026-03-02T12:00:00Z", 3), hour("2026-03-01T13:00:00Z", 2)], "24h", NOW);
    expect(figures.times).toHaveLength(24);
    expect(figures.completed.at(-1)).toBe(3);
    expect(figures.completed[0]).toBe(2);
    expect(figures.failed.reduce((sum, count) => sum + count)).toBe(2);
  });

  it("are summed by day for a month, and averages weigh what was completed", () => {
    const figures = figuresOf([hour("2026-03-02T01:00:00Z", 1, 100), hour("2026-03-02T09:00:00Z", 3, 20)], "30d", NOW);
    expect(figures.times).toHaveLength(30);
    expect(figures.completed.at(-1)).toBe(4);
    expect(figures.average.at(-1)).toBe(40);
    expect(figures.average[0]).toBeNull();
  });

  it("leave out what is before the span", () => {
    expect(figuresOf([hour("2026-01-01T00:00:00Z", 9)], "24h", NOW).completed.every((count) => count === 0)).toBe(true);
  });
});

it("a rate that is not quite all does not read as all", () => {
  expect(rateOf(0.99999)).toBe("99.9 %");
  expect(rateOf(1)).toBe("100 %");
  expect(rateOf(null)).toBe("–");
});
