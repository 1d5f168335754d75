import { expect, it } from "vitest";

import type { Run } from "./client";
import { grouped, withoutParticulars } from "./dead-letters";

const run = (id: string, name: string, error: string, ended_at: string): Run => ({
  id,
  name,
  error,
  ended_at,
  queued_at: ended_at,
  version: 0,
  status: "failed",
  cause: "call",
  failures: 1,
  priority: 0,
});

it("errors that differ only in ids and numbers are one", () => {
  expect(withoutParticulars("msg_3MgjjVTY8WiUfsM89r68h38wx7D was refused with 503 by 127.0.0.1:9")).toBe(
    "… was refused with … by …",
  );
});

it("groups have what they are of, how many, and when; the largest is first", () => {
  const groups = grouped([
    run("a", "mail", "timed out after 3 s", "2026-03-01T10:00:00Z"),
    run("b", "hook", "refused", "2026-03-01T09:00:00Z"),
    run("c", "mail", "timed out after 9 s", "2026-03-01T11:00:00Z"),
  ]);
  expect(groups.map(({ name, runs }) => [name, runs.length])).toEqual([
    ["mail", 2],
    ["hook", 1],
  ]);
  expect(groups.map(({ error }) => error)).toEqual(["timed out after … s", "refused"]);
  expect(groups[0]).toMatchObject({ oldest: "2026-03-01T10:00:00Z", newest: "2026-03-01T11:00:00Z" });
});

it("the same error of another job is another group", () => {
  expect(grouped([run("a", "mail", "refused", ""), run("b", "hook", "refused", "")])).toHaveLength(2);
});
