import { renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { allHotkeys, nameOf, useHotkeys } from "./hotkeys";

const press = (key: string, options: KeyboardEventInit = {}, target: EventTarget = document.body) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }));

test("Cmd is Ctrl, and a letter is itself", () => {
  const event = (key: string, held: object) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...held });
  expect(nameOf(event("k", { metaKey: true }))).toBe("Ctrl+K");
  expect(nameOf(event("k", { ctrlKey: true }))).toBe("Ctrl+K");
  expect(nameOf(event("?", {}))).toBe("?");
});

test("two keys after each other do one thing, and the second alone another", () => {
  const [go, open] = [vi.fn(), vi.fn()];
  const { unmount } = renderHook(() =>
    useHotkeys([
      { keys: "g o", title: "Go to observations", run: go },
      { keys: "o", title: "Open", run: open },
    ]),
  );
  press("g");
  press("o");
  expect([go.mock.calls.length, open.mock.calls.length]).toEqual([1, 0]);
  press("o");
  expect([go.mock.calls.length, open.mock.calls.length]).toEqual([1, 1]);
  unmount();
  press("o");
  expect(open).toHaveBeenCalledTimes(1);
  expect(allHotkeys()).toEqual([]);
});

test("a key is a letter where one writes", () => {
  const run = vi.fn();
  const { unmount } = renderHook(() => useHotkeys([{ keys: "j", title: "Next", run }]));
  const field = document.body.appendChild(document.createElement("textarea"));
  press("j", {}, field);
  expect(run).not.toHaveBeenCalled();
  press("j");
  expect(run).toHaveBeenCalledTimes(1);
  field.remove();
  unmount();
});

test("what is nearer goes before what is further out", () => {
  const [outer, inner] = [vi.fn(), vi.fn()];
  const one = renderHook(() => useHotkeys([{ keys: "Escape", title: "Leave", run: outer }]));
  const two = renderHook(() => useHotkeys([{ keys: "Escape", title: "Close", run: inner }]));
  press("Escape");
  expect([outer.mock.calls.length, inner.mock.calls.length]).toEqual([0, 1]);
  two.unmount();
  press("Escape");
  expect([outer.mock.calls.length, inner.mock.calls.length]).toEqual([1, 1]);
  one.unmount();
});
