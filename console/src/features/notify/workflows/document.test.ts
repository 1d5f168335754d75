import { expect, test } from "vitest";

import type { Step, Workflow } from "../../../lib/knock";
import { documentOf } from "../parts/stored-document";
import {
  allSteps,
  channelTypes,
  type Doc,
  freeRef,
  readFile,
  textAt,
  withInserted,
  withMoved,
  withRemoved,
  withStep,
  withValue,
} from "./document";

const delay = (ref: string): Step => ({ ref, type: "delay", settings: { delay_for: { unit: "minutes", value: 5 } } });
const mail: Step = { ref: "mail", type: "channel", channel_type: "email", template: { subject: "Hi" } };
const branch: Step = {
  ref: "plan",
  type: "branch",
  branches: [
    { name: "pro", conditions: { all: [] }, terminates: true, steps: [mail] },
    { name: "otherwise", steps: [] },
  ],
};
const doc: Doc = { name: "By plan", steps: [branch, delay("wait")] };
const refs = (doc: Doc) => allSteps(doc.steps).map(({ ref }) => ref);

test("a step is added, moved and removed within branches, and the ways keep what they are", () => {
  const added = withInserted(doc, { parent: "plan", branch: 1, index: 0 }, delay("later"));
  expect(refs(added)).toEqual(["plan", "mail", "later", "wait"]);
  const moved = withMoved(added, "mail", { parent: null, branch: 0, index: 1 });
  expect(refs(moved)).toEqual(["plan", "later", "mail", "wait"]);
  expect(moved.steps[0]?.branches?.[0]).toEqual({ name: "pro", conditions: { all: [] }, terminates: true, steps: [] });
  expect(refs(withRemoved(moved, "plan"))).toEqual(["mail", "wait"]);
  expect(doc.steps[0]?.branches?.[0]?.steps).toEqual([mail]);
});

test("a branch that is added brings its own steps along", () => {
  const added = withInserted({ steps: [] }, { parent: null, branch: 0, index: 0 }, branch);
  expect(added.steps).toEqual([branch]);
});

test("one step is changed and the others stay", () => {
  const changed = withStep(doc, "mail", (step) => ({ ...step, template: { subject: "Ho" } }));
  expect(allSteps(changed.steps).find(({ ref }) => ref === "mail")?.template).toEqual({ subject: "Ho" });
  expect(changed.steps[1]).toBe(doc.steps[1]);
});

test("a name that is taken gets a number", () => {
  expect(freeRef(doc.steps, "mail")).toBe("mail-2");
  expect(freeRef([...doc.steps, { ...mail, ref: "mail-2" }], "mail")).toBe("mail-3");
  expect(freeRef(doc.steps, "sms")).toBe("sms");
});

test("values within values are read, set and taken out", () => {
  const template = { subject: "a", settings: { layout_key: "plain", other: 1 } };
  expect(textAt(template, "settings.layout_key")).toBe("plain");
  expect(textAt(template, "settings.other")).toBe("");
  expect(withValue(template, "settings.layout_key", undefined)).toEqual({ subject: "a", settings: { other: 1 } });
  expect(withValue({}, "settings.layout_key", "x")).toEqual({ settings: { layout_key: "x" } });
  expect(withValue({ a: 1 }, "b.c", undefined)).toEqual({ a: 1 });
});

test("what is written back has nothing of what the server adds", () => {
  const workflow: Workflow = {
    ...doc,
    key: "by-plan",
    active: true,
    valid: true,
    sha: "1",
    environment: "production",
    categories: [],
    created_at: "",
    inserted_at: "",
    updated_at: "",
  };
  expect(documentOf(workflow)).toEqual({ ...doc, categories: [] });
  expect(channelTypes(workflow.steps)).toEqual(["email"]);
});

test("a file is read with its key, wrapped or not, and what is no workflow is told", () => {
  expect(readFile('{"key": "a", "active": true, "steps": []}')).toEqual({ key: "a", document: { steps: [] } });
  expect(readFile('{"workflow": {"steps": [], "name": "A"}}')).toEqual({ key: "", document: { steps: [], name: "A" } });
  expect(readFile("{")).toMatch(/^It is not JSON/);
  expect(readFile("[]")).toMatch(/no list of steps/);
});
