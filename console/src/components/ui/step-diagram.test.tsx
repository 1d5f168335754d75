import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, expect, test, vi } from "vitest";

import type { DiagramStep } from "./step-diagram";
import { StepDiagram } from "./step-diagram";
import { moveStep, removeStep } from "./step-tree";

afterEach(cleanup);

const STEPS: DiagramStep[] = [
  { ref: "a", title: "Collect", kind: "Batch" },
  {
    ref: "b",
    title: "Which plan?",
    kind: "Branch",
    branches: [
      { name: "Pro", steps: [{ ref: "c", title: "Push", kind: "Push" }] },
      { name: "Free", steps: [] },
    ],
  },
];

function Editable() {
  const [steps, setSteps] = useState(STEPS);
  const [selected, setSelected] = useState("a");
  return (
    <StepDiagram
      steps={steps}
      selected={selected}
      onSelect={setSelected}
      onMove={(ref, place) => setSteps(moveStep(steps, ref, place))}
      onRemove={(ref) => setSteps(removeStep(steps, ref))}
    />
  );
}

const focused = () => document.activeElement?.getAttribute("data-step");

test("arrows walk, and the selection follows", async () => {
  render(<Editable />);
  const user = userEvent.setup();
  await user.tab();
  expect(focused()).toBe("a");
  await user.keyboard("{ArrowDown}{ArrowDown}");
  expect(focused()).toBe("c");
  expect(document.activeElement?.getAttribute("aria-current")).toBe("true");
});

test("a step that moves to another branch keeps the focus", async () => {
  render(<Editable />);
  const user = userEvent.setup();
  await user.tab();
  await user.keyboard("{ArrowDown}{ArrowDown}{Alt>}{ArrowRight}{/Alt}");
  expect(focused()).toBe("c");
  expect(screen.getByRole("list", { name: "Steps of Free" }).textContent).toContain("Push");
  expect(screen.getByRole("status").textContent).toBe("Push moved right");
});

test("Delete removes a step, and the focus goes to a neighbour", async () => {
  render(<Editable />);
  const user = userEvent.setup();
  await user.tab();
  await user.keyboard("{ArrowDown}{ArrowDown}{Delete}");
  expect(screen.queryByText("Push")).toBeNull();
  expect(focused()).toBe("b");
});

test("each add button names its place", async () => {
  const onAdd = vi.fn();
  render(<StepDiagram steps={STEPS} onSelect={() => {}} onAdd={onAdd} />);
  const buttons = screen.getAllByRole("button", { name: "Add a step here" });
  for (const button of buttons) await userEvent.click(button);
  expect(onAdd.mock.calls.map(([place]) => `${place.parent} ${place.branch} ${place.index}`)).toEqual([
    "null 0 0",
    "null 0 1",
    "b 0 0",
    "b 0 1",
    "b 1 0",
    "null 0 2",
  ]);
});
