import { expect, test } from "vitest";

import { withAddress } from "./library";
import { excerptOf, marked, search } from "./search";
import { sectionsOf, slugOf, withLinks } from "./sections";

const TEXT = `# The API

Begins here.

## Members and sessions

Who may do what, see [security](security.md#who-may-do-what).

\`\`\`sh
# a comment, not a heading
curl x
\`\`\`

## Members and sessions

Again.
`;

test("headings divide a page, but for those in code", () => {
  expect(sectionsOf(TEXT).map(({ level, title, slug }) => [level, title, slug])).toEqual([
    [1, "The API", "the-api"],
    [2, "Members and sessions", "members-and-sessions"],
    [2, "Members and sessions", "members-and-sessions-1"],
  ]);
  expect(sectionsOf(TEXT)[1]?.body).toContain("# a comment");
});

test("names in addresses are those of GitHub", () => {
  expect(slugOf("What is kept, and for how long")).toBe("what-is-kept-and-for-how-long");
});

test("links between pages stay within the console", () => {
  expect(
    withLinks("see [security](security.md#who) and [x](https://x.example/a.md)", (page) => `/w/ws/docs/${page}`),
  ).toBe("see [security](/w/ws/docs/security#who) and [x](https://x.example/a.md)");
});

test("files that are not served lose their link", () => {
  expect(withLinks("[ARCHITECTURE.md](../ARCHITECTURE.md), [it](openapi.json)", () => undefined)).toBe(
    "ARCHITECTURE.md, [it](/openapi.json)",
  );
});

test("sections with all words are found, titles first, with the words marked", () => {
  const pages = [{ name: "api", sections: sectionsOf(TEXT) }];
  const [first, ...others] = search(pages, "Members CURL");
  expect(first?.section.slug).toBe("members-and-sessions");
  expect(others).toEqual([]);
  expect(search(pages, "nothing-of-it")).toEqual([]);
  expect(marked("a Curl b", ["curl"])).toEqual([
    { text: "a ", isHit: false },
    { text: "Curl", isHit: true },
    { text: " b", isHit: false },
  ]);
});

test("words with marks of patterns are taken as they are", () => {
  expect(marked("a.b axb", ["a.b"]).filter(({ isHit }) => isHit)).toHaveLength(1);
});

test("an excerpt begins before the first word", () => {
  expect(excerptOf(`${"long ".repeat(60)}needle here`, ["needle"])).toMatch(/^…long .*needle here$/);
});

test("examples have the address of this server", () => {
  expect(withAddress("curl http://127.0.0.1:4400/api http://127.0.0.1:4401", "https://bell.example")).toBe(
    "curl https://bell.example/api http://127.0.0.1:4401",
  );
});
