import { expect, test } from "vitest";

import { insertStep, moveStep, moveTarget, neighbour, placeOf, removeStep } from "./step-tree";

type Step = { ref: string; branches?: { name: string; steps: Step[] }[] };

const STEPS: Step[] = [
  { ref: "batch" },
  {
    ref: "fork",
    branches: [
      { name: "pro", steps: [{ ref: "push" }, { ref: "mail" }] },
      { name: "none", steps: [] },
      { name: "free", steps: [{ ref: "wait" }] },
    ],
  },
  { ref: "inbox" },
];

const shape = (steps: Step[]): string =>
  steps
    .map((one) => one.ref + (one.branches ? `(${one.branches.map((branch) => shape(branch.steps)).join("|")})` : ""))
    .join(" ");

test("down leads through the first branch and on behind it", () => {
  const way = ["batch"];
  for (let next = neighbour(STEPS, "batch", "down"); next; next = neighbour(STEPS, next, "down")) way.push(next);
  expect(way).toEqual(["batch", "fork", "push", "mail", "inbox"]);
});

test("up leads back the same way", () => {
  expect(neighbour(STEPS, "inbox", "up")).toBe("mail");
  expect(neighbour(STEPS, "push", "up")).toBe("fork");
  expect(neighbour(STEPS, "batch", "up")).toBeNull();
});

test("left and right change the branch and pass over empty ones", () => {
  expect(neighbour(STEPS, "mail", "right")).toBe("wait");
  expect(neighbour(STEPS, "wait", "left")).toBe("push");
  expect(neighbour(STEPS, "batch", "right")).toBeNull();
});

test("a step is inserted before the place's index, in the middle of a branch too", () => {
  const place = { parent: "fork", branch: 0, index: 1 };
  expect(shape(insertStep(STEPS, place, { ref: "new" }))).toBe("batch fork(push new mail||wait) inbox");
  expect(shape(insertStep(STEPS, { parent: null, branch: 0, index: 3 }, { ref: "new" }))).toBe(
    "batch fork(push mail||wait) inbox new",
  );
});

test("Alt and an arrow move a step by one, into a neighbouring branch and out of a branch", () => {
  const moved = (ref: string, direction: "up" | "down" | "left" | "right") => {
    const place = moveTarget(STEPS, ref, direction);
    return place && shape(moveStep(STEPS, ref, place));
  };
  expect(moved("push", "down")).toBe("batch fork(mail push||wait) inbox");
  expect(moved("push", "right")).toBe("batch fork(mail|push|wait) inbox");
  expect(moved("push", "up")).toBe("batch push fork(mail||wait) inbox");
  expect(moved("mail", "down")).toBe("batch fork(push||wait) mail inbox");
  expect(moved("inbox", "up")).toBe("batch inbox fork(push mail||wait)");
  expect(moved("inbox", "down")).toBeNull();
  expect(moved("batch", "up")).toBeNull();
});

test("a step does not move into its own branches", () => {
  expect(moveStep(STEPS, "fork", { parent: "fork", branch: 0, index: 0 })).toBe(STEPS);
});

test("removing leaves all other steps as they are", () => {
  const after = removeStep(STEPS, "wait");
  expect(shape(after)).toBe("batch fork(push mail||) inbox");
  expect(after[0]).toBe(STEPS[0]);
  expect(placeOf(after, "wait")).toBeNull();
});
