import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";

import { JsonViewer } from "./json-viewer";

afterEach(cleanup);

const VALUE = { id: "evt_1", data: { items: [{ id: "a" }, { id: "b" }] }, note: "n".repeat(1000) };
const item = (name: RegExp) => screen.getByRole("treeitem", { name });
const focused = () => document.activeElement?.textContent;

test("arrow keys walk, fold and unfold as in any tree", async () => {
  render(<JsonViewer label="Payload" value={VALUE} />);
  const user = userEvent.setup();
  await user.tab();
  while (document.activeElement?.getAttribute("role") !== "treeitem") await user.tab();
  await user.keyboard("{ArrowDown}{ArrowDown}");
  await vi.waitFor(() => expect(focused()).toMatch(/^data/));
  await user.keyboard("{ArrowLeft}");
  expect(item(/^data/).getAttribute("aria-expanded")).toBe("false");
  await user.keyboard("{ArrowRight}{ArrowRight}");
  await vi.waitFor(() => expect(focused()).toMatch(/^items/));
  await user.keyboard("{ArrowLeft}{ArrowLeft}");
  await vi.waitFor(() => expect(focused()).toMatch(/^data/));
});

test("one item alone is a tab stop", () => {
  render(<JsonViewer label="Payload" value={VALUE} />);
  expect(screen.getAllByRole("treeitem").filter((one) => one.tabIndex === 0)).toHaveLength(1);
});

test("a search opens what is folded, counts the hits and goes through them", async () => {
  render(<JsonViewer label="Payload" value={VALUE} />);
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Fold all" }));
  expect(screen.queryByRole("treeitem", { name: /^items/ })).toBeNull();
  await user.type(screen.getByRole("searchbox"), "id");
  expect(screen.getByRole("status").textContent).toBe("1 of 3");
  await user.click(screen.getByRole("button", { name: "Next result" }));
  expect(screen.getByRole("status").textContent).toBe("2 of 3");
  const hit = screen.getByRole("treeitem", { selected: true });
  expect(hit.textContent).toBe('id: "a"');
  expect(within(hit).getByText("id").tagName).toBe("MARK");
  await user.clear(screen.getByRole("searchbox"));
  await user.type(screen.getByRole("searchbox"), "nowhere");
  expect(screen.getByRole("status").textContent).toBe("No results");
});

test("the path and the value of the selected item are copied", async () => {
  const user = userEvent.setup();
  render(<JsonViewer label="Payload" value={VALUE} />);
  await user.click(screen.getByText('"b"'));
  await user.click(screen.getByRole("button", { name: "Copy path" }));
  expect(await navigator.clipboard.readText()).toBe("data.items[1].id");
  await user.click(screen.getByRole("button", { name: "Copy value" }));
  expect(await navigator.clipboard.readText()).toBe("b");
});

test("a long string is cut until all of it is asked for", async () => {
  render(<JsonViewer label="Payload" value={VALUE} />);
  expect(item(/^note/).textContent?.length).toBeLessThan(400);
  await userEvent.click(screen.getByRole("button", { name: "Show all 1,000 characters" }));
  expect(item(/^note/).textContent).toContain("n".repeat(1000));
});

test("showing more of a long array moves to the first new entry", async () => {
  render(<JsonViewer label="List" value={Array.from({ length: 450 }, (_, index) => index)} />);
  expect(screen.getAllByRole("treeitem")).toHaveLength(202);
  await userEvent.click(screen.getByText("Show 200 more of 250"));
  expect(screen.getAllByRole("treeitem")).toHaveLength(402);
  expect(screen.getByRole("treeitem", { selected: true }).textContent).toBe("200: 200");
});

test("a string that is JSON is a tree, and one that is not is text", () => {
  const { rerender } = render(<JsonViewer label="Body" value='{"a":1}' />);
  expect(screen.getByRole("tree")).toBeTruthy();
  rerender(<JsonViewer label="Body" value="<html>" />);
  expect(screen.queryByRole("tree")).toBeNull();
  expect(screen.getByText("<html>")).toBeTruthy();
});

test("what was opened stays open when the page renders again with an equal value", async () => {
  const { rerender } = render(<JsonViewer label="Payload" value={{ a: { b: { c: 1 } } }} />);
  await userEvent.click(item(/^a/));
  rerender(<JsonViewer label="Payload" value={{ a: { b: { c: 1 } } }} />);
  expect(item(/^a/).getAttribute("aria-expanded")).toBe("false");
});
