import { expect, test } from "vitest";

import { type Activity, actionInWords, actorInWords, subjectOf } from "./words";

const names = { members: new Map([["user_1", "ada@example.com"]]), keys: new Map([["key_1", "The backend"]]) };
const record = (more: Partial<Activity>): Activity => ({
  id: "act_1",
  at: "2026-01-01T00:00:00Z",
  actor_kind: "person",
  actor_id: "user_1",
  action: "source.created",
  subject_id: "src_1",
  result: "success",
  metadata: {},
  ...more,
});

test("actors are called by their names", () => {
  expect(actorInWords(record({}), names)).toBe("ada@example.com");
  expect(actorInWords(record({ actor_kind: "key", actor_id: "key_1" }), names)).toBe("Key “The backend”");
  expect(actorInWords(record({ actor_kind: "system", actor_id: "" }), names)).toBe("Campanile");
  expect(actorInWords(record({ actor_id: "user_9" }), names)).toBe("A former member");
});

test("actions are sentences, also those that are new", () => {
  expect(actionInWords("source.created")).toBe("Added a source");
  expect(actionInWords("flag.switched_on")).toBe("Flag: switched on");
});

test("subjects are linked to where they are seen", () => {
  expect(subjectOf(record({ metadata: { provider: "github", path: "main" } }), names)).toEqual({
    title: "GitHub /main",
    to: "/integrations/src_1",
  });
  const connected = { action: "connection.connected", subject_id: "con_1" };
  expect(subjectOf(record({ ...connected, metadata: { provider: "linear", account: "Acme" } }), names)).toEqual({
    title: "Linear Acme",
    to: "/integrations/con_1",
  });
  expect(subjectOf(record({ action: "member.added", subject_id: "user_1" }), names)).toEqual({
    title: "ada@example.com",
    to: "/settings/members",
  });
  expect(subjectOf(record({ action: "organisation.created", subject_id: "org_1" }), names)).toEqual({ title: "org_1" });
});
