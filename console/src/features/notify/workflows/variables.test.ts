import { expect, test } from "vitest";

import { comparable, exampleOf, variablesOf } from "./variables";

const schema = {
  type: "object",
  required: ["page", "text"],
  properties: {
    page: { type: "object", properties: { title: { type: "string" }, size: { type: "integer" } } },
    tags: { type: "array", items: { type: "string" } },
  },
};

test("an example has what the schema describes, and what it requires", () => {
  expect(exampleOf(schema)).toEqual({ page: { title: "text", size: 1 }, tags: ["text"], text: "text" });
  expect(exampleOf({ enum: ["a", "b"] })).toBe("a");
});

test("data have their own names and those below data", () => {
  const names = variablesOf(
    { steps: [], trigger_data_json_schema: schema },
    [{ title: "A", recipient: "x" }],
    [{ plan: "pro", __typename: "User" }],
  ).map(({ name }) => name);
  for (const name of [
    "title",
    "data.title",
    "page.title",
    "data.page.size",
    "recipient.plan",
    "recipient.email",
    "vars.app_url",
  ])
    expect(names).toContain(name);
  expect(names).not.toContain("recipient.__typename");
  expect(new Set(names).size).toBe(names.length);
});

test("conditions are about paths", () => {
  const names = comparable(variablesOf({ steps: [{ ref: "w", type: "wait_for_event" }] }, [{ total: 1 }]));
  expect(names).toContain("data.total");
  expect(names).toContain("refs.w.matched");
  expect(names).not.toContain("total");
});
