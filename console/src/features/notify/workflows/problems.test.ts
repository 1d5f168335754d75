import { expect, test } from "vitest";

import { faultsOf } from "../parts/faults";
import type { Doc } from "./document";
import { inShort, missing, placed, problemOf } from "./problems";

const doc: Doc = {
  steps: [
    { ref: "mail", type: "channel", channel_type: "email", channel_key: "nope" },
    { ref: "mail.late", type: "channel", channel_type: "email", channel_key: "in-app" },
    { ref: "on", type: "trigger_workflow", settings: { workflow_key: "gone" } },
    { ref: "any", type: "trigger_workflow", settings: { workflow_key: "{{ data.workflow }}" } },
  ],
};

test("faults stand at their step and field, also where a ref has points", () => {
  const faults = faultsOf({
    errors: [
      { field: "mail.late.template.subject", message: "x" },
      { field: "mail", message: "y" },
      { field: "conditions", message: "z" },
    ],
  });
  expect(placed(faults, doc)).toEqual([
    { step: "mail.late", field: "template.subject", message: "x" },
    { step: "mail", message: "y" },
    { field: "conditions", message: "z" },
  ]);
});

test("a template that needs one field has the fault at that field", () => {
  const [fault] = placed([{ field: "mail.template", message: "needs subject" }], doc);
  expect(fault).toEqual({ step: "mail", field: "template.subject", message: "needs subject" });
  expect(placed([{ field: "mail.template", message: "needs html_body or text_body" }], doc)[0]?.field).toBe("template");
});

test("channels and workflows that are not there are told", () => {
  const channel = { id: "1", key: "in-app", type: "in_app_feed" } as never;
  const found = missing(doc, { channels: [channel], workflows: ["by-plan"] });
  expect(found.map(({ step, field }) => [step, field])).toEqual([
    ["mail", "channel_key"],
    ["mail.late", "channel_key"],
    ["on", "settings.workflow_key"],
  ]);
  expect(problemOf(found, "mail", "channel_key")).toBe("There is no channel “nope”.");
  expect(missing(doc, {})).toEqual([]);
});

test("a problem in short names its field", () => {
  expect(inShort({ step: "a", field: "template.html_body", message: "line 3: no filter" })).toBe(
    "html body: line 3: no filter",
  );
  expect(inShort({ step: "a", message: "needs a channel_key" })).toBe("needs a channel_key");
});
