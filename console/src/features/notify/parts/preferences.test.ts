import { expect, test } from "vitest";

import type { Workflow } from "../../../lib/knock";
import { applied, changeOf, type PreferenceSet, type Row, rowsOf, settingIn } from "./preferences";

const set = {
  id: "default",
  categories: { social: false },
  channel_types: { sms: false },
  channels: {},
  workflows: { a: { channel_types: { email: false, chat: { conditions: [] } } }, b: { conditions: [] } },
  commercial_subscribed: null,
} as unknown as PreferenceSet;
const row = (part: Row["part"], key: string): Row => ({ part, key, title: key, types: ["email", "chat", "sms"] });

test("what is not set is wanted, and conditions are neither", () => {
  expect(settingIn(set, row("all", ""), "sms")).toBe(false);
  expect(settingIn(set, row("all", ""), "email")).toBe(true);
  expect(settingIn(set, row("workflows", "a"), "email")).toBe(false);
  expect(settingIn(set, row("workflows", "a"), "chat")).toBeUndefined();
  expect(settingIn(set, row("workflows", "a"), "sms")).toBe(true);
  expect(settingIn(set, row("workflows", "b"), "sms")).toBeUndefined();
  expect(settingIn(set, row("categories", "social"), "email")).toBe(false);
});

test("one box changes one setting, and a row that was off as a whole stays off elsewhere", () => {
  expect(changeOf(set, row("workflows", "a"), "sms", false)).toEqual({
    __persistence_strategy__: "merge",
    workflows: { a: { channel_types: { sms: false } } },
  });
  expect(changeOf(set, row("categories", "social"), "email", true)).toEqual({
    __persistence_strategy__: "merge",
    categories: { social: { channel_types: { email: true, chat: false, sms: false } } },
  });
  expect(changeOf(set, row("all", ""), "email", false)).toEqual({
    __persistence_strategy__: "merge",
    channel_types: { email: false },
  });
});

test("rows are everything, categories and what sends something", () => {
  const workflow = (key: string, categories: string[], type?: "email"): Workflow =>
    ({
      key,
      categories,
      steps: type ? [{ ref: "x", type: "channel", channel_type: type }] : [],
    }) as unknown as Workflow;
  expect(
    rowsOf([workflow("b", ["social"], "email"), workflow("c", [])], set).map(({ part, key, types }) => [
      part,
      key,
      types.length,
    ]),
  ).toEqual([
    ["all", "", 6],
    ["categories", "social", 1],
    ["workflows", "b", 1],
  ]);
});

test("a change goes into a whole set and leaves what else is set", () => {
  const change = changeOf(set, row("workflows", "a"), "sms", false);
  expect(applied({ workflows: { a: { channel_types: { email: false } }, z: true } }, change)).toEqual({
    workflows: { a: { channel_types: { email: false, sms: false } }, z: true },
  });
});
