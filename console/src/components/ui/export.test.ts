import { expect, test } from "vitest";

import { toCsv } from "./export";

test("commas, quotes and lines stay within their cell", () => {
  expect(
    toCsv(
      ["a", "b"],
      [
        ['say "hi", now', "two\nlines"],
        [1, null],
      ],
    ),
  ).toBe('a,b\r\n"say ""hi"", now","two\nlines"\r\n1,');
});

test("a spreadsheet takes no value for a formula", () => {
  expect(toCsv(["a"], [["=HYPERLINK(1)"], ["-2"], [-2]])).toBe("a\r\n'=HYPERLINK(1)\r\n'-2\r\n-2");
});
