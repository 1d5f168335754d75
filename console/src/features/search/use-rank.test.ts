import { expect, test } from "vitest";

import { rankedIn } from "./use-rank";
import type { Hit } from "./use-search";

const hits = ["a", "b", "c", "d"].map((id) => ({ id }) as Hit);

test("a result stands between its neighbours, and at the ends has two of one side", () => {
  const ranks = (id: string) => {
    const ranked = rankedIn(hits, id);
    return ranked && [ranked.result.rank, ...ranked.neighbours.map(({ rank, hit }) => `${rank}${hit.id}`)];
  };
  expect(ranks("b")).toEqual([2, "1a", "3c"]);
  expect(ranks("a")).toEqual([1, "2b", "3c"]);
  expect(ranks("d")).toEqual([4, "2b", "3c"]);
  expect(ranks("z")).toBeUndefined();
  expect(rankedIn(hits.slice(0, 1), "a")?.neighbours).toEqual([]);
});
