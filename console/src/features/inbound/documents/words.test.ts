import { expect, test } from "vitest";

import { badgeOfConfiguration, badgeOfSync, countsInWords, scopeInWords, skippedInWords } from "./words";

const NONE = { listed: 0, unchanged: 0, stored: 0, moved: 0, deleted: 0, failed: 0, passages: 0 };

test("a configuration is told with the name of its file", () => {
  expect(badgeOfConfiguration({ status: "configured", path: "campanile.yml" }).title).toBe(
    "Configured in campanile.yml",
  );
  expect(badgeOfConfiguration({ status: "invalid", path: "campanile.yml" })).toEqual({
    title: "Fault in campanile.yml",
    tone: "bad",
  });
  expect(badgeOfConfiguration({ status: "default" }).title).toBe("No configuration");
});

test("a sync tells the counts that are not nothing", () => {
  expect(countsInWords(NONE)).toBe("Nothing was listed");
  expect(countsInWords({ ...NONE, listed: 1_200, stored: 3, failed: 1, passages: 1 })).toBe(
    "1,200 listed · 3 stored · 1 could not be read · 1 new passage",
  );
});

test("a sync tells what it looked at, and why", () => {
  expect(scopeInWords({ mode: "full", cause: "link" })).toBe("All documents, after it was linked");
  expect(scopeInWords({ mode: "changes", cause: "push" })).toBe("Changed documents, after a push");
  expect(badgeOfSync({ status: "incomplete" }).tone).toBe("warn");
});

test("skipped files have their reasons, the most first, and an unknown one is called as the API calls it", () => {
  expect(skippedInWords({ binary: 1, too_large: 2, empty: 0, of_later: 1 })).toEqual([
    "2 too large",
    "1 without text",
    "1 of later",
  ]);
});
