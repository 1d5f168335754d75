import { expect, test } from "vitest";

import { bestOf, type Found } from "./content-search";

const candidate = (id: string, title: string, words = ""): Found => ({ id, title, note: "", to: `/${id}`, words });
const titles = (words: string, all: Found[]) => bestOf(all, words).map(({ title }) => title);

test("every word has to be in the title or the other words", () => {
  const all = [candidate("a", "Comment created", "comments"), candidate("b", "Job completed")];
  expect(titles("created com", all)).toEqual(["Comment created"]);
  expect(titles("created job", all)).toEqual([]);
  expect(titles("COMMENTS", all)).toEqual(["Comment created"]);
});

test("the thing whose id is typed comes first, then titles that begin with the words", () => {
  const all = [
    candidate("x", "About jane", "jane"),
    candidate("y", "Jane Doe", "y"),
    candidate("jane", "Ms. D.", "jane"),
  ];
  expect(titles("jane", all)).toEqual(["Ms. D.", "Jane Doe", "About jane"]);
});

test("five of a kind are shown", () => {
  const all = Array.from({ length: 9 }, (_, at) => candidate(`id${at}`, `Thing ${at}`));
  expect(bestOf(all, "thing")).toHaveLength(5);
  expect(bestOf(all, "thing")[0]).toEqual({ id: "id0", title: "Thing 0", note: "", to: "/id0", words: "" });
});
