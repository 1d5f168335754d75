// The context of the workflow editor: the draft, its faults, and the names it may use.

import { createContext, use } from "react";

import type { CodeVariable } from "../../../components/ui/liquid-variables";
import type { Schemas } from "../../../lib/api";
import type { Step } from "../../../lib/knock";
import type { Draft } from "../parts/use-draft";
import { type Doc, withStep, withValue } from "./document";
import type { Problem } from "./problems";
import { problemOf } from "./problems";

/** The data, the recipient and so on that previews and test runs are with. */
export type Sample = { data: unknown; recipient: unknown; actor: unknown; tenant: string; activities: unknown };

export type Editor = {
  workflowKey: string;
  draft: Draft<Doc>;
  problems: Problem[];
  channels: Schemas["KnockChannel"][];
  groups: string[];
  layouts: string[];
  workflows: { key: string; name: string }[];
  variables: CodeVariable[];
  comparable: string[];
  sample: Sample;
  setSample: (sample: Sample) => void;
  save: () => void;
};

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = use(EditorContext);
  if (!editor) throw new Error("a part of the editor stands outside of it");
  return editor;
}

export type StepEditor = {
  step: Step;
  /** Sets a value of the step at a path: `settings.batch_key`. `undefined` takes it out. */
  set: (path: string, value: unknown) => void;
  /** Several at once. */
  setAll: (values: Record<string, unknown>) => void;
  problem: (field: string) => string | undefined;
};

export function useStep(step: Step): StepEditor {
  const { draft, problems } = useEditor();
  const setAll = (values: Record<string, unknown>) =>
    draft.change(
      (doc) =>
        withStep(doc, step.ref, (before) =>
          Object.entries(values).reduce((next, [path, value]) => withValue(next, path, value) as Step, before),
        ),
      `${step.ref} ${Object.keys(values).join(" ")}`,
    );
  return {
    step,
    set: (path, value) => setAll({ [path]: value }),
    setAll,
    problem: (field) => problemOf(problems, step.ref, field),
  };
}
