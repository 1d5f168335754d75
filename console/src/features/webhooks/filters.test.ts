import { expect, it } from "vitest";

import { between } from "./filters";

it("a span without an end ends just after now, so that the newest come first", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  expect(between("2026-03-01T00:00:00Z", undefined, now)).toEqual({
    after: "2026-03-01T00:00:00Z",
    before: "2026-03-01T12:01:00.000Z",
  });
});

it("other spans stay as they are", () => {
  expect(between(undefined, undefined)).toEqual({});
  expect(between("a", "b")).toEqual({ after: "a", before: "b" });
});
