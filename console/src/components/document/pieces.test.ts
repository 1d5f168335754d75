import { expect, test } from "vitest";

import { type Chunk, piecesOf } from "./pieces";

const chunk = (no: number, start: number, end: number): Chunk => ({ no, headings: [], start, end, tokens: 1 });
const told = (text: string, chunks: Chunk[]) => piecesOf(text, chunks).map(({ text, chunk }) => [chunk?.no, text]);

test("passages and what is between them, by characters", () => {
  const text = "# 🔔\n\nFirst 決済.\n\n## B\n\nSecond.";
  expect(told(text, [chunk(4, 5, 14), chunk(9, 22, 29)])).toEqual([
    [undefined, "# 🔔\n\n"],
    [4, "First 決済."],
    [undefined, "## B\n\n"],
    [9, "Second."],
  ]);
});

test("words that two passages share are shown once", () => {
  expect(told("one two three four", [chunk(1, 0, 13), chunk(2, 8, 18)])).toEqual([
    [1, "one two three"],
    [2, " four"],
  ]);
  expect(told("  ", [])).toEqual([]);
});
