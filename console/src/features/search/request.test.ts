import { expect, test } from "vitest";

import { curlOf, isUnfinished, nextOffset, pageAt, requestOf } from "./request";

test("an address without anything asks for the newest", () => {
  expect(requestOf({})).toEqual({ query: "" });
});

test("what stands in the address is asked for, and nothing else of it", () => {
  const address = {
    q: "checkout timeout",
    source: "github",
    type: "pull_request",
    category: "bug_fix",
    topic: "billing",
    actor: "ada",
    min_significance: "0",
    after: "2026-10-01T00:00:00.000Z",
    explain: "1",
    open: "obs_1",
  };
  expect(requestOf(address)).toEqual({
    query: "checkout timeout",
    filters: {
      sources: ["github"],
      types: ["pull_request"],
      categories: ["bug_fix"],
      topics: ["billing"],
      actors: ["ada"],
      minSignificance: 0,
      dateRange: { start: "2026-10-01T00:00:00.000Z" },
    },
    explain: true,
  });
  expect(requestOf({ before: "2026-11-01" })).toEqual({ query: "", filters: { dateRange: { end: "2026-11-01" } } });
});

test("a panel that opens does not change the request", () => {
  const address = { q: "bell", source: "linear" };
  expect(requestOf({ ...address, open: "obs_1" })).toEqual(requestOf(address));
});

test("results go on until there are no more, or two hundred", () => {
  expect(nextOffset(20, 20)).toBe(20);
  expect(nextOffset(33, 13)).toBeUndefined();
  expect(nextOffset(20, 0)).toBeUndefined();
  expect(nextOffset(180, 20)).toBe(180);
  expect(nextOffset(200, 20)).toBeUndefined();
  expect(pageAt(190)).toEqual({ offset: 190, limit: 10 });
});

test("a word that is still typed may be the begin of one", () => {
  expect(["gatew", "ABC-1", "größ", "決"].every(isUnfinished)).toBe(true);
  expect(["", "gateway ", '"connection reset"', "what?"].some(isUnfinished)).toBe(false);
});

test("the line for the shell keeps quotes as they are", () => {
  expect(curlOf("http://x.example", "ws_1", { query: `it's "late"` })).toBe(
    `curl -s 'http://x.example/api/search?workspace=ws_1' \\
  -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '{"query":"it'\\''s \\"late\\""}'`,
  );
});
