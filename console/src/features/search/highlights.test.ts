import { expect, test } from "vitest";

import { markedParts, type Part, partsOf } from "./highlights";

const written = ({ text, isMarked }: Part) => (isMarked ? `[${text}]` : text);
const shown = (snippet: string, ...marks: [number, number][]) =>
  partsOf(
    snippet,
    marks.map(([start, end]) => ({ start, end })),
  )
    .map(written)
    .join("");

test("words are marked where they stand", () => {
  expect(shown("the checkout timed out", [4, 12], [13, 18])).toBe("the [checkout] [timed] out");
  expect(shown("checkout", [0, 8])).toBe("[checkout]");
  expect(shown("nothing of it")).toBe("nothing of it");
  expect(partsOf("", [])).toEqual([]);
});

test("an emoji before a word counts as one character, and parts of a joined one as theirs", () => {
  expect(shown("🔔 rings", [2, 7])).toBe("🔔 [rings]");
  expect(shown("🔥🔥 hot fix", [3, 6])).toBe("🔥🔥 [hot] fix");
  // A family is seven scalar values: four people and three joiners.
  expect(shown("👨‍👩‍👧‍👦 home", [8, 12])).toBe("👨‍👩‍👧‍👦 [home]");
});

test("CJK is marked by character, beyond the basic plane as well", () => {
  expect(shown("決済の失敗を直す", [3, 5])).toBe("決済の[失敗]を直す");
  expect(shown("𠮷野家の鐘", [4, 5])).toBe("𠮷野家の[鐘]");
});

test("highlights that overlap, stand in another order, or end behind the text do no harm", () => {
  expect(shown("one two three", [4, 9], [0, 5])).toBe("[one t][wo t]hree");
  expect(shown("one two", [4, 99], [120, 130])).toBe("one [two]");
});

test("a title that the text begins with is marked itself, and not shown twice", () => {
  const both = (title: string, snippet: string, ...marks: [number, number][]) => {
    const highlights = marks.map(([start, end]) => ({ start, end }));
    const parts = markedParts(title, snippet, highlights);
    return [parts.title.map(written).join(""), parts.snippet.map(written).join("")];
  };
  expect(both("🔔 Fix", "🔔 Fix The fix is in.", [2, 5], [10, 13])).toEqual(["🔔 [Fix]", "The [fix] is in."]);
  expect(both("Fix", "Fixes it", [0, 5])).toEqual(["Fix", "[Fixes] it"]);
  expect(both("Fix", "Fix", [0, 3])).toEqual(["[Fix]", ""]);
  expect(both("Other", "Fix it", [0, 3])).toEqual(["Other", "[Fix] it"]);
});
