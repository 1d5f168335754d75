import { expect, test } from "vitest";

import { ApiError } from "../../../../lib/api";
import type { Stretch } from "./history";
import {
  beginFault,
  kindInWords,
  momentInWords,
  mostTellingFirst,
  progressInWords,
  sizeInWords,
  sizeOf,
  stretchInWords,
} from "./words";

const NOW = new Date(2026, 0, 2, 12, 0);

const stretch = (more: Partial<Stretch>): Stretch => ({
  id: "pull_1",
  workspace_id: "ws_1",
  source_id: "src_1",
  kind: "pull_request",
  since: "2026-01-01T00:00:00Z",
  pages: 0,
  pages_processed: 0,
  pages_lost: 0,
  produced: 0,
  remembered: 0,
  unreadable: 0,
  errors: [],
  status: "waiting",
  ...more,
});

test("kinds are called as people write them", () => {
  expect(kindInWords("pull_request")).toBe("Pull requests");
  expect(kindInWords("issue_comment")).toBe("Comments on issues");
  expect(kindInWords("of_a_later_version")).toBe("Of a later versions");
});

test("a stretch tells its events and pages, and the time until which the provider is waited for", () => {
  const told = (more: Partial<Stretch>) => stretchInWords(stretch(more), "GitHub", NOW);
  const until = new Date(2026, 0, 2, 12, 41).toISOString();
  const begun = { pages: 4, produced: 300 };
  expect(told({ status: "running", ...begun, waits_until: until })).toBe(
    "300 events · 4 pages · waits for GitHub until 12:41",
  );
  const passed = new Date(2026, 0, 2, 11, 41).toISOString();
  expect(told({ status: "running", ...begun, waits_until: passed })).toBe("300 events · 4 pages · is read");
  expect(told({})).toBe("its turn has not come");
  expect(told({ status: "fetched", ...begun, pages_processed: 3 })).toBe("300 events · 4 pages · 3 of them remembered");
  expect(told({ status: "completed", ...begun, remembered: 1_200 })).toBe("300 events · 4 pages · 1,200 new");
  expect(told({ status: "completed", pages: 1 })).toBe("nothing was there");
  expect(told({ status: "failed", ...begun, unreadable: 2, pages_lost: 1 })).toBe(
    "300 events · 4 pages · failed · 1 page given up · 2 could not be read",
  );
});

test("a moment of another day has its date", () => {
  expect(momentInWords(new Date(2026, 0, 3, 0, 5).toISOString(), NOW)).toBe("Jan 3, 00:05");
});

test("the progress of a backfill is the sum of its parts", () => {
  const progress = { stretches: 5, ended: 3, pages: 12, produced: 1_300, remembered: 1 };
  expect(progressInWords({ progress })).toBe("3 of 5 parts · 1,300 events · 1 new");
});

test("an estimate counts the chosen kinds, and says what the provider does not tell", () => {
  const since = "2026-01-01T00:00:00Z";
  const stretches = [
    { source_id: "a", kind: "issue", since, total: 400 },
    { source_id: "b", kind: "issue", since, total: 20 },
    { source_id: "a", kind: "release", since, total: null },
  ];
  const told = (...kinds: string[]) => sizeInWords(sizeOf({ stretches }, new Set(kinds)), "GitHub");
  expect(told("issue")).toBe("About 420 things in 2 parts.");
  expect(told("issue", "release")).toBe("About 420 things in 2 parts, and 1 more whose number GitHub does not tell.");
  expect(told("release")).toBe("1 part. GitHub does not tell how much there is.");
});

test("a refusal of a backfill is told in words", () => {
  expect(beginFault(new ApiError(429, "too many"))).toMatch(/An hour has to pass/);
  expect(beginFault(new ApiError(409, "a backfill of this connection is active"))).toMatch(/is active/);
});

test("of many parts, those that failed are told first, then what is read and what came along", () => {
  const parts = [
    stretch({ id: "waits" }),
    stretch({ id: "told", status: "completed", produced: 3 }),
    stretch({ id: "reads", status: "running" }),
    stretch({ id: "also waits" }),
    stretch({ id: "failed", status: "failed" }),
  ];
  expect(mostTellingFirst(parts).map(({ id }) => id)).toEqual(["failed", "reads", "told", "waits", "also waits"]);
});
