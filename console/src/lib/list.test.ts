import { expect, test } from "vitest";

import { newIn, withChanges } from "./list";

type Item = { id: string; state: string };
const idOf = ({ id }: Item) => id;
const pages = (...items: Item[][]) => ({
  pages: items.map((items) => ({ items })),
  pageParams: items.map(() => undefined),
});
const item = (id: string, state = "queued") => ({ id, state });

test("what is known changes in place, on whichever page it is", () => {
  const old = pages([item("c"), item("b")], [item("a")]);
  const changed = withChanges(old, [item("d"), item("a", "done")], idOf);
  expect(changed.pages.map(({ items }) => items)).toEqual([[item("c"), item("b")], [item("a", "done")]]);
});

test("what is new is told apart from what is only further down", () => {
  const old = pages([item("c"), item("b")], [item("a")]);
  expect(newIn(old, [item("e"), item("d"), item("c"), item("a")], idOf).map(idOf)).toEqual(["e", "d"]);
});
