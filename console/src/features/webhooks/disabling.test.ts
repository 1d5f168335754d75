import { expect, test } from "vitest";

import { disablingOf } from "./disabling";

const change = (at: string, action: string, metadata: Record<string, unknown> = {}) => ({ at, action, metadata });

test("the server's own reason is found behind later changes", () => {
  expect(
    disablingOf([
      change("5", "endpoint.secret_rotated"),
      change("4", "endpoint.updated", { disabled: true }),
      change("3", "endpoint.disabled", { reason: "it has accepted nothing for 5 days" }),
      change("2", "endpoint.updated", { disabled: false }),
    ]),
  ).toEqual({ at: "3", reason: "it has accepted nothing for 5 days" });
});

test("an endpoint that was disabled by hand has no reason, and the first such change counts", () => {
  expect(
    disablingOf([
      change("3", "endpoint.updated", { disabled: true }),
      change("2", "endpoint.updated", { disabled: true }),
      change("1", "endpoint.created", { disabled: false }),
    ]),
  ).toEqual({ at: "2" });
});

test("what is no longer in the trail is not known", () => {
  expect(disablingOf([])).toBeUndefined();
  expect(disablingOf([change("9", "endpoint.updated", { disabled: true })])).toBeUndefined();
});
