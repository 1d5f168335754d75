import { expect, test } from "vitest";

import { variablesUnder } from "./liquid-variables";

const VARIABLES = [
  { name: "recipient.name", detail: "text" },
  { name: "recipient.email" },
  { name: "data.items[].title", detail: "text" },
  { name: "data", detail: "object" },
];

test("at the start, the first part of each path is offered once", () => {
  expect(variablesUnder(VARIABLES, [])).toEqual([{ name: "recipient" }, { name: "data", detail: "object" }]);
});

test("after a path, only what lies beneath it is offered", () => {
  expect(variablesUnder(VARIABLES, ["recipient"])).toEqual([{ name: "name", detail: "text" }, { name: "email" }]);
  expect(variablesUnder(VARIABLES, ["data", "items"])).toEqual([{ name: "title", detail: "text" }]);
  expect(variablesUnder(VARIABLES, ["unknown"])).toEqual([]);
});
