import { expect, test } from "vitest";

import { kindsInWords, missedInWords } from "./words";

test("what was missed is told with its number and its day", () => {
  expect(missedInWords({ missed: 0, missed_at: null })).toBe("nothing was ever missed");
  expect(missedInWords({ missed: 1, missed_at: "2026-11-03T04:10:00Z" })).toMatch(
    /^1 event that no webhook told, found on .*2026/,
  );
  expect(missedInWords({ missed: 1200, missed_at: "2026-11-03T04:10:00Z" })).toMatch(/^1,200 events/);
});

test("kinds of things are told as a list", () => {
  expect(kindsInWords(["issue"])).toBe("issues");
  expect(kindsInWords(["pull_request", "issue", "issue_comment"])).toBe("pull requests, issues and issue comments");
});
