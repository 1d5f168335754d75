import { expect, test } from "vitest";

import { count, percent } from "./model-words";

test("a share is never whole before all is there", () => {
  expect(percent(0)).toBe("0 %");
  expect(percent(0.999)).toBe("99 %");
  expect(percent(1)).toBe("100 %");
});

test("large counts are short", () => {
  expect([1234, 12_300, 4_000_000].map(count)).toEqual(["1,234", "12.3 k", "4 M"]);
});
