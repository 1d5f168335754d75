// A workflow's document as the editor changes it: the steps as a tree, and each change as a new document.

import { insertStep, moveStep, removeStep, type StepPlace } from "../../../components/ui/step-tree";
import type { Schemas } from "../../../lib/api";
import { asObject, isObject } from "../../../lib/json";
import type { Step } from "../../../lib/knock";

export type Doc = Schemas["KnockWorkflowDocument"];
export type Settings = Record<string, unknown>;

/** One of the ways that a branch or a random choice may take. */
export type Way = { name: string; steps: Step[] };

export function waysOf(step: Step): Way[] {
  const ways = [...(step.branches ?? []), ...(step.cohort_branches ?? [])];
  return ways.map(({ name, steps }) => ({ name: name ?? "", steps: steps ?? [] }));
}

type Node = { ref: string; step: Step; branches?: { steps: Node[] }[] };

function toTree(steps: Step[]): Node[] {
  return steps.map((step) => {
    const ways = waysOf(step);
    return {
      ref: step.ref,
      step,
      ...(ways.length > 0 && { branches: ways.map((way) => ({ steps: toTree(way.steps) })) }),
    };
  });
}

function fromTree(nodes: Node[]): Step[] {
  return nodes.map(({ step, branches }) => {
    if (!branches) return step;
    const within = <W extends object>(ways: W[] | null | undefined) =>
      ways?.map((way, index) => ({ ...way, steps: fromTree(branches[index]?.steps ?? []) }));
    return {
      ...step,
      ...(step.branches && { branches: within(step.branches) }),
      ...(step.cohort_branches && { cohort_branches: within(step.cohort_branches) }),
    };
  });
}

const changed = (doc: Doc, change: (nodes: Node[]) => Node[]): Doc => ({
  ...doc,
  steps: fromTree(change(toTree(doc.steps))),
});

export const withInserted = (doc: Doc, place: StepPlace, step: Step): Doc =>
  changed(doc, (nodes) => insertStep(nodes, place, toTree([step])[0] as Node));
export const withMoved = (doc: Doc, ref: string, place: StepPlace): Doc =>
  changed(doc, (nodes) => moveStep(nodes, ref, place));
export const withRemoved = (doc: Doc, ref: string): Doc => changed(doc, (nodes) => removeStep(nodes, ref));

/** The document with one step changed, wherever it stands. */
export function withStep(doc: Doc, ref: string, change: (step: Step) => Step): Doc {
  const within = (steps: Step[]): Step[] =>
    steps.map((step) => {
      if (step.ref === ref) return change(step);
      if (!step.branches && !step.cohort_branches) return step;
      return {
        ...step,
        ...(step.branches && { branches: step.branches.map((way) => ({ ...way, steps: within(way.steps ?? []) })) }),
        ...(step.cohort_branches && {
          cohort_branches: step.cohort_branches.map((way) => ({ ...way, steps: within(way.steps ?? []) })),
        }),
      };
    });
  return { ...doc, steps: within(doc.steps) };
}

/** All steps, those of branches after the step that branches. */
export function allSteps(steps: Step[]): Step[] {
  return steps.flatMap((step) => [step, ...waysOf(step).flatMap((way) => allSteps(way.steps))]);
}

export const stepOf = (steps: Step[], ref: string | undefined): Step | undefined =>
  ref === undefined ? undefined : allSteps(steps).find((step) => step.ref === ref);

/** A name that no step has yet. */
export function freeRef(steps: Step[], wish: string): string {
  const taken = new Set(allSteps(steps).map(({ ref }) => ref));
  if (!taken.has(wish)) return wish;
  let number = 2;
  while (taken.has(`${wish}-${number}`)) number += 1;
  return `${wish}-${number}`;
}

/** The types of channel that a workflow sends through, each once. */
export function channelTypes(steps: Step[]): string[] {
  return [...new Set(allSteps(steps).flatMap(({ channel_type }) => channel_type ?? []))];
}

/** A value within nested objects: `settings.layout_key`. */
export function valueAt(root: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((inner, name) => asObject(inner)[name], root);
}

export function textAt(root: unknown, path: string): string {
  const value = valueAt(root, path);
  return typeof value === "string" ? value : "";
}

/** Sets a value within nested objects; `undefined` takes it out. */
export function withValue(root: unknown, path: string, value: unknown): Settings {
  const [name = "", rest] = path.split(/\.(.*)/s);
  const { [name]: before, ...others } = asObject(root);
  if (rest === undefined) return value === undefined ? others : { ...asObject(root), [name]: value };
  const inner = withValue(before, rest, value);
  return Object.keys(inner).length === 0 && !isObject(before) ? others : { ...asObject(root), [name]: inner };
}

/** The key and the document of a file; a sentence where it is no workflow. */
export function readFile(text: string): { key: string; document: Doc } | string {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    return `It is not JSON: ${(error as Error).message}`;
  }
  const whole = asObject(read);
  const inner = isObject(whole.workflow) ? whole.workflow : whole;
  if (!Array.isArray(inner.steps)) return "It has no list of steps, so it is no workflow.";
  const { key, active, valid, sha, environment, created_at, inserted_at, updated_at, $schema, ...document } = inner;
  // The server says what is wrong within it.
  return { key: typeof key === "string" ? key : "", document: document as Doc };
}
