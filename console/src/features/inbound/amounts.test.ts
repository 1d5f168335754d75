import { expect, test } from "vitest";

import { amountInWords } from "./amounts";

test("an amount is one, none, several, or more than were counted", () => {
  const words = [{ count: 0 }, { count: 1 }, { count: 1_234 }, { count: 250, isMore: true }];
  expect(words.map((amount) => amountInWords(amount, "endpoint"))).toEqual([
    "no endpoints",
    "1 endpoint",
    "1,234 endpoints",
    "more than 250 endpoints",
  ]);
});
