import { expect, test } from "vitest";

import { advantages, type Parts, RECENCY, shareOf, sumOf } from "./score-parts";

const parts = (some: Partial<Parts>): Parts => ({
  lexical: 0,
  vector: 0,
  facts: 0,
  kind: 0,
  graph: 0,
  proximity: 0,
  heading: 0,
  importance: 0,
  recency: 1,
  ...some,
});

test("what puts a result first comes first, and what does not count is not named", () => {
  const first = parts({ lexical: 0.6, heading: 0.2, importance: 0.05 });
  const second = parts({ lexical: 0.5, vector: 0.1, importance: 0.049 });
  expect(advantages(first, second).map(({ title }) => title)).toEqual(["Heading", "Words"]);
  expect(advantages(second, first).map(({ title }) => title)).toEqual(["Meaning"]);
  expect(advantages(first, first)).toEqual([]);
});

test("recency counts by the sum that it multiplies", () => {
  const [recency] = advantages(parts({ lexical: 0.5 }), parts({ lexical: 0.5, recency: 0.92 }));
  expect(recency?.title).toBe("Recency");
  expect(recency?.by).toBeCloseTo(0.04);
  expect(advantages(parts({ lexical: 0.01 }), parts({ lexical: 0.01, recency: 0.92 }))).toEqual([]);
});

test("where a model has ordered the results its relevance decides", () => {
  const first = parts({ lexical: 0.1, rerank: 0.9 });
  const second = parts({ lexical: 0.9, rerank: 0.4 });
  expect(advantages(first, second)).toEqual([{ title: "Relevance", by: 0.5 }]);
  expect(advantages(second, first)).toEqual([]);
});

test("a share is that of the range of its part", () => {
  expect(shareOf(RECENCY, 0.92)).toBe(0);
  expect(shareOf(RECENCY, 0.96)).toBeCloseTo(0.5);
  expect(shareOf(RECENCY, 2)).toBe(1);
  expect(sumOf(parts({ lexical: 0.5, graph: 0.25, recency: 0.93 }))).toBe(0.75);
});
