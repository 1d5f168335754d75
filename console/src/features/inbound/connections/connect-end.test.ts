import { expect, test } from "vitest";

import { endOf } from "./connect-end";

const failed = (reason: string, message = "A sentence.") => endOf({ result: "failed", reason, message }, "Linear");

test("a connection is named by the address, and one without an id is none", () => {
  expect(endOf({ result: "connected", connection: "con_1" }, "Linear")).toEqual({
    kind: "connected",
    connection: "con_1",
  });
  expect(endOf({ result: "connected" }, "Linear").kind).toBe("failed");
  expect(endOf({ result: "requested", connection: "con_2" }, "GitHub")).toEqual({
    kind: "requested",
    connection: "con_2",
  });
  expect(endOf({ result: "requested" }, "GitHub").kind).toBe("failed");
  expect(endOf({}, "Linear").kind).toBe("none");
});

test("an app is named by the address, and one without a name is none", () => {
  expect(endOf({ result: "registered", app: "campanile" }, "GitHub")).toEqual({ kind: "registered", app: "campanile" });
  expect(endOf({ result: "registered" }, "GitHub").kind).toBe("failed");
});

test("each reason has words of its own, and says that nothing was connected", () => {
  const reasons = [
    "denied",
    "state_unknown",
    "state_mismatch",
    "state_expired",
    "signed_out",
    "provider_failed",
    "not_theirs",
    "not_owner",
    "not_stored",
    "refused",
  ];
  const ends = reasons.map((reason) => failed(reason));
  const titles = ends.map((end) => (end.kind === "failed" ? end.title : ""));
  expect(new Set(titles).size).toBe(reasons.length);
  for (const end of ends)
    expect(end).toMatchObject({ text: expect.stringMatching(/connected nothing|Nothing was connected/) });
});

test("the server's sentence is quoted where our words do not say all, and cut off", () => {
  expect(failed("denied")).toMatchObject({ quote: undefined });
  expect(failed("provider_failed", "Linear refused: no seat")).toMatchObject({ quote: "Linear refused: no seat" });
  expect(failed("of_a_later_version", "x".repeat(1_000))).toMatchObject({
    title: "It was not connected",
    quote: "x".repeat(300),
  });
  expect(failed("constructor")).toMatchObject({ title: "It was not connected" });
});
