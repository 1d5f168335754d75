// Steps with branches as a tree: how arrows walk through it, and how a step is inserted, moved or removed.

/** The parts of a step that the tree needs. */
export type Branching<T> = { ref: string; branches?: { steps: T[] }[] };

/** A place between steps: before the step that has this index now. */
export interface StepPlace {
  /** The step whose branch it is; null at the top. */
  parent: string | null;
  /** The branch of the parent, from 0. */
  branch: number;
  index: number;
}

export type Direction = "up" | "down" | "left" | "right";

const TOP = { parent: null, branch: 0 };

export function findStep<T extends Branching<T>>(steps: T[], ref: string): T | null {
  for (const step of steps) {
    if (step.ref === ref) return step;
    for (const branch of step.branches ?? []) {
      const found = findStep(branch.steps, ref);
      if (found) return found;
    }
  }
  return null;
}

export function placeOf<T extends Branching<T>>(
  steps: T[],
  ref: string,
  list: { parent: string | null; branch: number } = TOP,
): StepPlace | null {
  for (const [index, step] of steps.entries()) {
    if (step.ref === ref) return { ...list, index };
    for (const [branch, { steps: inner }] of (step.branches ?? []).entries()) {
      const found = placeOf(inner, ref, { parent: step.ref, branch });
      if (found) return found;
    }
  }
  return null;
}

/** The list that a place lies in. */
function listAt<T extends Branching<T>>(steps: T[], { parent, branch }: Omit<StepPlace, "index">): T[] {
  if (parent === null) return steps;
  return findStep(steps, parent)?.branches?.[branch]?.steps ?? [];
}

/** The step that an arrow key leads to. Left and right change the branch. */
export function neighbour<T extends Branching<T>>(steps: T[], ref: string, direction: Direction): string | null {
  const place = placeOf(steps, ref);
  if (!place) return null;
  if (direction === "down") return below(steps, ref, place);
  if (direction === "up") {
    const above = listAt(steps, place)[place.index - 1];
    return above ? lastWithin(above) : place.parent;
  }
  const branches = place.parent === null ? [] : (findStep(steps, place.parent)?.branches ?? []);
  const by = direction === "left" ? -1 : 1;
  for (let branch = place.branch + by; branches[branch]; branch += by) {
    const inner = branches[branch]?.steps ?? [];
    const target = inner[Math.min(place.index, inner.length - 1)];
    if (target) return target.ref;
  }
  return null;
}

function below<T extends Branching<T>>(steps: T[], ref: string, place: StepPlace): string | null {
  const inner = findStep(steps, ref)?.branches?.find((branch) => branch.steps.length > 0)?.steps[0];
  if (inner) return inner.ref;
  for (let at: StepPlace | null = place; at; at = at.parent === null ? null : placeOf(steps, at.parent)) {
    const next = listAt(steps, at)[at.index + 1];
    if (next) return next.ref;
  }
  return null;
}

/** The step at the lower end of the first branch that has any. */
function lastWithin<T extends Branching<T>>(step: T): string {
  const inner = step.branches?.find((branch) => branch.steps.length > 0)?.steps.at(-1);
  return inner ? lastWithin(inner) : step.ref;
}

/** Where Alt and an arrow take a step; at the end of a branch it leaves the branch. */
export function moveTarget<T extends Branching<T>>(steps: T[], ref: string, direction: Direction): StepPlace | null {
  const place = placeOf(steps, ref);
  if (!place) return null;
  const parent = place.parent === null ? null : placeOf(steps, place.parent);
  if (direction === "up") return place.index > 0 ? { ...place, index: place.index - 1 } : parent;
  if (direction === "down") {
    if (place.index < listAt(steps, place).length - 1) return { ...place, index: place.index + 2 };
    return parent && { ...parent, index: parent.index + 1 };
  }
  const branch = place.branch + (direction === "left" ? -1 : 1);
  const beside = place.parent === null ? undefined : findStep(steps, place.parent)?.branches?.[branch];
  return beside ? { ...place, branch, index: Math.min(place.index, beside.steps.length) } : null;
}

/** The steps with one list changed; all others stay the same objects. */
function withList<T extends Branching<T>>(steps: T[], at: Omit<StepPlace, "index">, change: (list: T[]) => T[]): T[] {
  if (at.parent === null) return change(steps);
  return steps.map((step) => {
    if (!step.branches) return step;
    const branches = step.branches.map((branch, index) => ({
      ...branch,
      steps: step.ref === at.parent && index === at.branch ? change(branch.steps) : withList(branch.steps, at, change),
    }));
    return { ...step, branches };
  });
}

export function insertStep<T extends Branching<T>>(steps: T[], place: StepPlace, step: T): T[] {
  return withList(steps, place, (list) => [...list.slice(0, place.index), step, ...list.slice(place.index)]);
}

export function removeStep<T extends Branching<T>>(steps: T[], ref: string): T[] {
  const place = placeOf(steps, ref);
  return place ? withList(steps, place, (list) => list.filter((step) => step.ref !== ref)) : steps;
}

/** Moves a step. A step cannot move into its own branches; then nothing changes. */
export function moveStep<T extends Branching<T>>(steps: T[], ref: string, place: StepPlace): T[] {
  const step = findStep(steps, ref);
  const from = placeOf(steps, ref);
  if (!step || !from || (place.parent !== null && findStep([step], place.parent))) return steps;
  const isSameList = from.parent === place.parent && from.branch === place.branch;
  const index = isSameList && from.index < place.index ? place.index - 1 : place.index;
  return insertStep(removeStep(steps, ref), { ...place, index }, step);
}
