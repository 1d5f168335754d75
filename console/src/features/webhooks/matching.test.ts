import { expect, it } from "vitest";

import { matching } from "./matching";

const ROWS = [
  { name: "Acme Inc.", uid: "customer-1" },
  { name: "Globex", uid: null },
];
const texts = (row: (typeof ROWS)[number]) => [row.name, row.uid];

it("finds every word anywhere in the texts, in any case", () => {
  expect(matching(ROWS, "INC customer", texts)).toEqual([ROWS[0]]);
  expect(matching(ROWS, "globe", texts)).toEqual([ROWS[1]]);
});

it("leaves all rows where nothing is searched for", () => {
  expect(matching(ROWS, " ", texts)).toEqual(ROWS);
  expect(matching(ROWS, undefined, texts)).toEqual(ROWS);
});
