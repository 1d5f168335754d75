import { expect, test } from "vitest";

import { byDay } from "./days";

test("items stand by day, the day named as people do", () => {
  const now = new Date(2026, 2, 3, 12);
  const at = (date: Date) => ({ occurred_at: date.toISOString() });
  const days = byDay(
    [
      at(new Date(2026, 2, 3, 9)),
      at(new Date(2026, 2, 3, 1)),
      at(new Date(2026, 2, 2, 23)),
      at(new Date(2026, 1, 20)),
      at(new Date(2019, 4, 15)),
    ],
    now,
  );
  expect(days.map(({ title, items }) => [title, items.length])).toEqual([
    ["Today", 2],
    ["Yesterday", 1],
    ["Friday, February 20", 1],
    ["Wednesday, May 15, 2019", 1],
  ]);
});
