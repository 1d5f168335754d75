import { expect, test } from "vitest";

import { isSetUp, setUpSteps } from "./set-up";

test("a source is connected when something has come from it", () => {
  const done = (facts: object) => setUpSteps(facts).find(({ key }) => key === "source")?.done;
  expect(done({ sources: 1, deliveries: 0 })).toBe(false);
  expect(done({ sources: 1, deliveries: 1 })).toBe(true);
  expect(done({ sources: 1 })).toBeUndefined();
});

test("all is set up when every step is known to be done", () => {
  const all = { hasPassword: true, sources: 1, deliveries: 1, mailsSent: 1, members: 2, notifications: 1 };
  expect(isSetUp(setUpSteps(all))).toBe(true);
  expect(isSetUp(setUpSteps({ ...all, members: 1 }))).toBe(false);
  expect(isSetUp(setUpSteps({ ...all, members: undefined }))).toBe(false);
});
