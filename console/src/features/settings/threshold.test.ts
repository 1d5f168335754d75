import { expect, test } from "vitest";

import { histogram, meaningOf, reaching } from "./threshold";

test("a threshold is reached by what is as high or higher", () => {
  expect(reaching([69, 70, 88], 70)).toBe(2);
});

test("scores are counted by tens, and 100 belongs to the last", () => {
  expect(histogram([0, 9, 10, 99, 100])).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
});

test("every threshold has a meaning", () => {
  for (let threshold = 0; threshold <= 100; threshold++) expect(meaningOf(threshold)).not.toBe("");
});
