import { expect, test } from "vitest";

import { merged, readSearch, writeSearch } from "./url";

test("a value that looks like a number or JSON stays text", () => {
  expect(readSearch("?min=70&open=%22a%22&on=true")).toEqual({ min: "70", open: '"a"', on: "true" });
});

test("what is written is read back, and what is not set is not written", () => {
  const search = { status: "failed", after: "2026-01-01T00:00:00.000Z", none: undefined, empty: "" };
  expect(writeSearch(search)).toBe("?status=failed&after=2026-01-01T00%3A00%3A00.000Z");
  expect(readSearch(writeSearch(search))).toEqual({ status: "failed", after: "2026-01-01T00:00:00.000Z" });
  expect(writeSearch({})).toBe("");
});

test("a change leaves the others, and nothing takes one out", () => {
  expect(merged({ status: "failed", open: "x" }, { open: undefined, type: "a" })).toEqual({
    status: "failed",
    type: "a",
  });
});
