// The keys of a tree of JSON.

import type { TreeRow } from "./json-tree";
import * as tree from "./json-tree";

type TreeActions = {
  step: (by: number) => void;
  focus: (id: string) => void;
  toggle: (id: string, open: boolean) => void;
  press: () => void;
};

/** The keys of a tree, as the ARIA Authoring Practices describe them. */
export function treeKey(key: string, rows: TreeRow[], position: number, actions: TreeActions): (() => void) | null {
  const row = rows[position];
  if (!row) return null;
  const canOpen = !tree.isMore(row) && row.size !== null && row.size > 0;
  switch (key) {
    case "ArrowDown":
      return () => actions.step(1);
    case "ArrowUp":
      return () => actions.step(-1);
    case "Home":
      return () => actions.step(-rows.length);
    case "End":
      return () => actions.step(rows.length);
    case "PageDown":
      return () => actions.step(15);
    case "PageUp":
      return () => actions.step(-15);
    case "ArrowRight":
      if (!canOpen) return null;
      return row.isOpen ? () => actions.step(1) : () => actions.toggle(row.id, true);
    case "ArrowLeft": {
      if (canOpen && row.isOpen) return () => actions.toggle(row.id, false);
      const parent = rows
        .slice(0, position)
        .reverse()
        .find((above) => above.depth < row.depth);
      return parent ? () => actions.focus(parent.id) : null;
    }
    case "Enter":
    case " ":
      return actions.press;
    default:
      return null;
  }
}
