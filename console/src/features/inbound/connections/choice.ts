// The resources that somebody has chosen to link, before they are linked.

import type { Resource } from "./connections";

/** So many are linked at once. */
export const MOST = 50;

/** Chosen resources, by their ids. */
export type Choice = ReadonlyMap<string, Resource>;

export const NONE: Choice = new Map();

export const idOf = ({ kind, provider_id }: Pick<Resource, "kind" | "provider_id">) => `${kind} ${provider_id}`;

const isLinkedIn = ({ sources }: Resource, workspace: string) =>
  sources.some(({ workspace_id }) => workspace_id === workspace);

/** True if it can be linked to the workspace: the account has it, and it is not linked there. */
export const canLink = (it: Resource, workspace: string) => it.status === "active" && !isLinkedIn(it, workspace);

/** The choice with one more, unless it is full, or without one. */
export function chosen(choice: Choice, it: Resource, isChosen: boolean): Choice {
  const next = new Map(choice);
  if (!isChosen) next.delete(idOf(it));
  else if (next.size < MOST) next.set(idOf(it), it);
  return next;
}

/** The choice with all of some that can be linked, as far as there is room. */
export const withAll = (choice: Choice, rows: Resource[], workspace: string): Choice =>
  rows.filter((it) => canLink(it, workspace)).reduce((next, it) => chosen(next, it, true), choice);

/** The choice without some. */
export const without = (choice: Choice, rows: Resource[]): Choice =>
  rows.reduce((next, it) => chosen(next, it, false), choice);

/** The chosen ones that can be linked to the workspace, as the list tells them now. */
export function toLink(choice: Choice, rows: Resource[], workspace: string): Resource[] {
  const listed = new Map(rows.map((it) => [idOf(it), it]));
  return [...choice].map(([id, it]) => listed.get(id) ?? it).filter((it) => canLink(it, workspace));
}
