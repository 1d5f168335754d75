import { expect, test } from "vitest";

import { withAdded } from "./use-versions";

test("a version is compared with the fields that the workflow is read with", () => {
  expect(withAdded("workflow", { name: "a", steps: [1] })).toEqual({ name: "a", steps: [1], categories: [] });
  expect(withAdded("partial", { content: "a" })).toEqual({ content: "a" });
});
