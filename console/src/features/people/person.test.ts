import { expect, test } from "vitest";

import { foundInWords, initials, toolName } from "./person";

test("a person has initials, whatever the name is made of", () => {
  expect(initials("Ada Lovelace")).toBe("AL");
  expect(initials("ada")).toBe("AD");
  expect(initials("dependabot[bot]")).toBe("DE");
  expect(initials("ada-maria.lovelace")).toBe("AL");
  expect(initials("李")).toBe("李");
  expect(initials("")).toBe("");
});

test("it is told how an account was found, also if the way is not known here", () => {
  expect(foundInWords({ found: "webhook", joined: "first" })).toBe("told by the tool");
  expect(foundInWords({ found: "webhook", joined: "email" })).toBe("told by the tool, joined by the same mail address");
  expect(foundInWords({ found: "by_pigeon", joined: "hand" })).toBe("by_pigeon, joined by hand");
  expect([toolName("campanile"), toolName("github")]).toEqual(["Campanile", "GitHub"]);
});
