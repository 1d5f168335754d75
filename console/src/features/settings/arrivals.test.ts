import { expect, test } from "vitest";

import { arrivalsIn } from "./arrivals";

const record = (subject_id: string, at: string, actor_kind = "person", actor_id = "owner") =>
  ({ id: at, at, actor_kind, actor_id, action: "member.added", subject_id, result: "success", metadata: {} }) as never;

test("the last invitation of each member counts, with the person who made it", () => {
  const arrivals = arrivalsIn([
    record("ada", "2026-01-02T00:00:00Z"),
    record("ada", "2026-01-01T00:00:00Z", "person", "somebody"),
    record("bob", "2026-01-03T00:00:00Z", "key", "key_1"),
  ]);
  expect(arrivals.get("ada")).toEqual({ at: "2026-01-02T00:00:00Z", by: "owner" });
  expect(arrivals.get("bob")).toEqual({ at: "2026-01-03T00:00:00Z" });
});
