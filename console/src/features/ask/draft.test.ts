import { expect, test } from "vitest";

import { begun, piecesOf, withEvent } from "./draft";
import { takeEvents } from "./stream";

test("events are taken when they are whole", () => {
  const text = 'event: text\ndata: {"delta":"It "}\n\n: alive\n\nevent: text\ndata: {"del';
  const { events, rest } = takeEvents(text);
  expect(events).toEqual([{ name: "text", data: { delta: "It " } }]);
  expect(takeEvents(`${rest}ta":"works"}\n\n`).events).toEqual([{ name: "text", data: { delta: "works" } }]);
});

test("a draft grows, and is replaced when it is void", () => {
  const text = (delta: string, replaces?: boolean) => ({ name: "text", data: { delta, replaces } });
  const grown = [text("It "), text("works")].reduce(withEvent, begun("?"));
  expect(grown.text).toBe("It works");
  expect(withEvent(grown, text("It does not", true)).text).toBe("It does not");
  const done = withEvent(grown, { name: "done", data: { text: "Done [1]", passages: [{ n: 1 }] } });
  expect(done).toMatchObject({ text: "Done [1]", passages: [{ n: 1 }] });
});

test("numbers of passages are apart from the words, and others are words", () => {
  expect(piecesOf("It failed [1][2]. See [9].", 2)).toEqual([
    { at: 0, text: "It failed " },
    { at: 10, text: "[1]", n: 1 },
    { at: 13, text: "[2]", n: 2 },
    { at: 16, text: ". See [9]." },
  ]);
  expect(piecesOf("", 2)).toEqual([]);
});
