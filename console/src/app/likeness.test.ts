import { expect, test } from "vitest";

import { likeness } from "./likeness";

const ranked = (typed: string, entries: [string, ...string[]][]) =>
  entries
    .map(([value, ...words]) => ({ value, fits: likeness(value, typed, words) }))
    .filter(({ fits }) => fits > 0)
    .sort((a, b) => b.fits - a.fits)
    .map(({ value }) => value);

test("a title that begins so comes before one that is only about it", () => {
  const entries: [string, ...string[]][] = [
    ["/webhooks", "Applications", "Webhooks endpoints messages"],
    ["/messages", "Messages", "Notify sent"],
    ["/home", "Home", "overview"],
  ];
  expect(ranked("mess", entries)).toEqual(["/messages", "/webhooks"]);
});

test("every word that is typed must begin a word of the entry", () => {
  expect(likeness("/runs", "recipient run", ["Recipient runs", "why"])).toBeGreaterThan(0);
  expect(likeness("/runs", "recipient xyz", ["Recipient runs", "why"])).toBe(0);
});

test("what the server found stands below content with the words, and the search and the question come last", () => {
  const entries: [string, ...string[]][] = [
    ["ask timed out"],
    ["search timed out"],
    ["judged Observations obs_1", "The gateway timeouts", "push"],
    ["found Users u1", "Timed out", "u1"],
  ];
  expect(ranked("timed out", entries)).toEqual([
    "found Users u1",
    "judged Observations obs_1",
    "search timed out",
    "ask timed out",
  ]);
});

test("content stands below areas, as long as it has every word that is typed", () => {
  const entries: [string, ...string[]][] = [
    ["found Users ada", "Ada Lovelace", "ada@example.com"],
    ["/users", "Love letters", ""],
  ];
  expect(ranked("love", entries)).toEqual(["/users", "found Users ada"]);
  expect(ranked("ada love", entries)).toEqual(["found Users ada"]);
  expect(ranked("ada loves", entries)).toEqual([]);
});
