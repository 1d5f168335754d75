import { expect, test } from "vitest";

import type { RunEvent } from "../../../lib/knock";
import { lineOf, reasonsNotTold, storyOf } from "./story";

let number = 0;
const event = (
  name: string,
  step: string | null,
  data: RunEvent["data"] = null,
  status: RunEvent["status"] = "ok",
): RunEvent => ({
  __typename: "WorkflowRecipientRunEvent",
  attempt: 1,
  id: `e${number++}`,
  inserted_at: "2026-01-01T00:00:00Z",
  event: name,
  step_ref: step,
  step_type: step && "channel",
  data,
  status,
});

const conditions = [{ variable: "recipient.plan", operator: "equal_to", argument: "pro", found: "free", holds: false }];

test("events of a step are one block with one outcome", () => {
  const story = storyOf([
    event("message_enqueued", "feed", { message_id: "m1", channel: "in-app" }),
    event("conditions_evaluated", "mail", { holds: false, conditions }),
    event("step_skipped", "mail", { reason: "its conditions do not hold" }),
    event("joined_batch", null, { workflow_recipient_run_id: "r0" }),
  ]);
  expect(story.map(({ step, outcome }) => [step, outcome.word])).toEqual([
    ["feed", "handed over"],
    ["mail", "skipped"],
    [null, "joined a batch"],
  ]);
  expect(story[0]?.lines[0]).toMatchObject({ title: "Message made: in-app", message: "m1" });
  expect(story[1]?.lines[0]).toMatchObject({
    title: "The conditions do not hold",
    conditions: [{ found: "free", holds: false }],
  });
  expect(story[2]?.lines[0]?.run).toBe("r0");
});

test("a preference that refused is named", () => {
  const line = lineOf(
    event("step_skipped", "mail", {
      reason: "the recipient's preferences say no",
      decision: { is_allowed: false, by: "workflows.news.channel_types.email" },
    }),
  );
  expect(line).toMatchObject({
    preference: "workflows.news.channel_types.email",
    reason: "the recipient's preferences say no",
  });
});

test("why nobody was told is every reason, and nothing once a message was made", () => {
  const skipped = event("step_skipped", "mail", { reason: "objects have no feed" });
  expect(reasonsNotTold([skipped, skipped])).toEqual(["mail: objects have no feed"]);
  expect(reasonsNotTold([skipped, event("message_enqueued", "feed", {})])).toEqual([]);
  expect(reasonsNotTold([event("step_failed", "fetch", { error: "no answer" }, "error")])).toEqual([
    "fetch: no answer",
  ]);
});

test("a failed step is failed whatever else it did", () => {
  expect(
    storyOf([
      event("fetch_attempted", "fetch", { error: "500" }, "error"),
      event("step_failed", "fetch", { error: "gave up" }, "error"),
    ])[0]?.outcome.word,
  ).toBe("failed");
});
