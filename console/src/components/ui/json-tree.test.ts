import { expect, test } from "vitest";

import {
  idOf,
  isMore,
  openAtFirst,
  PORTION,
  pathText,
  reveal,
  search,
  UNFOLD_LIMIT,
  unfoldAll,
  visibleRows,
} from "./json-tree";

const none = new Map<string, number>();
const long = { list: Array.from({ length: 450 }, (_, index) => ({ id: index })) };

test("a path is written as JavaScript reads it", () => {
  expect(pathText(["data", "items", 3, "id"])).toBe("data.items[3].id");
  expect(pathText(["headers", "x-id"])).toBe('headers["x-id"]');
  expect(pathText([0, "a"])).toBe("[0].a");
  expect(pathText([])).toBe("");
});

test("only what is open has rows", () => {
  const root = { a: { b: 1 }, c: [1, 2] };
  expect(visibleRows(root, new Set(), none)).toHaveLength(1);
  expect(visibleRows(root, new Set([idOf([])]), none)).toHaveLength(3);
  expect(visibleRows(root, new Set([idOf([]), idOf(["c"])]), none).map((row) => row.id)).toContain(idOf(["c", 1]));
});

test("a long array is shown in portions", () => {
  const open = new Set([idOf([]), idOf(["list"])]);
  const rows = visibleRows(long, open, none);
  const last = rows.at(-1);
  expect(rows).toHaveLength(2 + PORTION + 1);
  expect(last && isMore(last) && last).toMatchObject({ shown: 200, total: 450, next: idOf(["list", 200]) });
  expect(visibleRows(long, open, new Map([[idOf(["list"]), 450]]))).toHaveLength(2 + 450);
});

test("unfolding a large value stops at the limit and says so", () => {
  const root = Array.from({ length: 150 }, () => Array.from({ length: 150 }, () => ({ a: 1, b: 2 })));
  const { open, isComplete } = unfoldAll(root);
  expect(isComplete).toBe(false);
  expect(visibleRows(root, open, none).length).toBeLessThanOrEqual(UNFOLD_LIMIT);
  expect(unfoldAll({ a: [1] })).toEqual({ open: new Set([idOf([]), idOf(["a"])]), isComplete: true });
});

test("the root is open at first, however long it is", () => {
  expect(openAtFirst(Array.from({ length: 300 }, () => 1))).toEqual(new Set([idOf([])]));
});

test("a search finds keys and values, without regard to case", () => {
  expect(search({ Name: "x", list: [{ name: 1 }], other: "My NAME" }, "name")).toEqual([
    ["Name"],
    ["list", 0, "name"],
    ["other"],
  ]);
  expect(search({ a: 1 }, "  ")).toEqual([]);
});

test("revealing a hit opens its ancestors and shows its portion", () => {
  const { open, portions } = reveal(long, ["list", 449, "id"]);
  expect(open).toEqual([idOf([]), idOf(["list"]), idOf(["list", 449])]);
  expect(portions).toEqual([[idOf(["list"]), 600]]);
});

test("ten thousand values are searched and laid out quickly", () => {
  const root = Array.from({ length: 100 }, (_, a) =>
    Object.fromEntries(Array.from({ length: 100 }, (_, b) => [`k${b}`, a * b])),
  );
  const start = performance.now();
  search(root, "k99");
  visibleRows(root, unfoldAll(root, Number.POSITIVE_INFINITY).open, none);
  expect(performance.now() - start).toBeLessThan(500);
});
