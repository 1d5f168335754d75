import { expect, test } from "vitest";

import { conditionsOf, evaluatedOf, groupOf, inWords } from "./conditions";

const nested = {
  any: [
    { variable: "recipient.plan", operator: "equal_to", argument: "pro" },
    {
      all: [
        { variable: "data.total", operator: "greater_than", argument: 10 },
        { variable: "data.note", operator: "not_empty" },
      ],
    },
  ],
};

test("conditions survive the form", () => {
  const group = groupOf(nested);
  expect(group && conditionsOf(group)).toEqual(nested);
});

test("a single comparison and a bare list become a group of which all hold", () => {
  const one = { variable: "a", operator: "empty" };
  expect(groupOf(one)).toMatchObject({ mode: "all", items: [{ variable: "a" }] });
  expect(groupOf([one, one])).toMatchObject({ mode: "all", items: [{}, {}] });
});

test("nothing is nothing", () => {
  for (const none of [undefined, null, {}, [], { all: [] }]) expect(groupOf(none)).toBeUndefined();
  expect(conditionsOf({ kind: "group", mode: "all", items: [] })).toBeNull();
});

test("an operator without an argument is written without one", () => {
  expect(
    conditionsOf({
      kind: "group",
      mode: "all",
      items: [{ kind: "one", variable: "a", operator: "empty", argument: "x" }],
    }),
  ).toEqual({
    all: [{ variable: "a", operator: "empty" }],
  });
});

test("conditions are told in a line", () => {
  expect(inWords(nested)).toBe("recipient.plan is pro or (total is more than 10 and note is not empty)");
  expect(inWords(null)).toBe("");
});

test("what a run has evaluated keeps what it found", () => {
  expect(
    evaluatedOf([
      { variable: "a", operator: "empty", argument: null, found: "", holds: true },
      { variable: "b", operator: "empty" },
    ]),
  ).toEqual([
    { kind: "one", variable: "a", operator: "empty", argument: null, found: "", holds: true },
    { kind: "one", variable: "b", operator: "empty", argument: undefined },
  ]);
});
