import { expect, test } from "vitest";

import { jsonError } from "./json-syntax";

test("valid JSON and an empty text have no error", () => {
  for (const text of ["", " \n", "{}", '{"a":[1,-2.5e3,true,null,"\\u00e9\\n"]}', "7"])
    expect(jsonError(text)).toBeNull();
});

test.each([
  ['{"a": 1,}', 7, "comma"],
  ["[1, 2,\n]", 5, "comma"],
  ['{"a" 1}', 5, "colon"],
  ["{a: 1}", 1, "key in double quotes"],
  ["{'a': 1}", 1, "key in double quotes"],
  ["[1 2]", 3, "comma or a closing bracket"],
  ['{"a": yes}', 6, '"yes" is no JSON value'],
  ['{"a": 01}', 6, "number"],
  ['"open', 0, "closing quote"],
  ['"\\x"', 1, "escape"],
  ["{} {}", 3, "Nothing may follow"],
])("the error of %j stands at its place", (text, at, words) => {
  const error = jsonError(text);
  expect(error?.at).toBe(at);
  expect(error?.message).toContain(words);
});

test("a text that ends too early says so", () => {
  expect(jsonError('{"a": [1')?.message).toMatch(/^The text ends too early/);
});

test("every prefix of a valid text is refused", () => {
  const text = '{"name": "x", "list": [1, {"b": false}]}';
  for (let end = 1; end < text.length; end++) expect(jsonError(text.slice(0, end)), text.slice(0, end)).not.toBeNull();
});
