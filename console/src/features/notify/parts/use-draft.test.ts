import { expect, test } from "vitest";

import { reduce } from "./use-draft";

const begin = { saved: { steps: [], name: "a" }, past: [], now: { steps: [], name: "a" }, future: [] };
const named = (name: string, at: number, field = "name") => ({
  kind: "change" as const,
  change: () => ({ steps: [], name }),
  field,
  at,
});

test("typing is one change, and other changes are their own", () => {
  let state = reduce(begin, named("ab", 0));
  state = reduce(state, named("abc", 500));
  expect(state.past).toHaveLength(1);
  state = reduce(state, named("abcd", 5_000));
  state = reduce(state, named("x", 5_100, "other"));
  expect(state.past.map(({ name }) => name)).toEqual(["a", "abc", "abcd"]);
});

test("what was taken back can be done again, until something else is done", () => {
  const changed = reduce(begin, named("b", 0));
  const back = reduce(changed, { kind: "undo" });
  expect(back.now.name).toBe("a");
  expect(reduce(back, { kind: "redo" }).now.name).toBe("b");
  expect(reduce(back, named("c", 9_000)).future).toEqual([]);
  expect(reduce(begin, { kind: "undo" })).toBe(begin);
});
