import { expect, test } from "vitest";

import type { Workflow } from "../../../lib/knock";
import { CHANNEL_GROUPS, GUIDES, LAYOUTS, PARTIALS } from "./kinds";
import { usersOf } from "./usage";

const workflow = (key: string, step: object) => ({ key, steps: [{ ref: "a", type: "channel", ...step }] }) as Workflow;
const all = [
  workflow("mail", { template: { settings: { layout_key: "frame" }, html_body: "{% render 'button', url: u %}" } }),
  workflow("quoted", { template: { html_body: '{% render "button" %}' } }),
  workflow("group", { channel_group_key: "mails" }),
];
const keys = (...[kind, key]: [Parameters<typeof usersOf>[0], string]) =>
  usersOf(kind, key, all)?.map((workflow) => workflow.key);

test("workflows are found by the layout, the partial or the group that a step names", () => {
  expect(keys(LAYOUTS, "frame")).toEqual(["mail"]);
  expect(keys(PARTIALS, "button")).toEqual(["mail", "quoted"]);
  expect(keys(PARTIALS, "butt")).toEqual([]);
  expect(keys(CHANNEL_GROUPS, "mails")).toEqual(["group"]);
  expect(keys(GUIDES, "tour")).toBeUndefined();
});
