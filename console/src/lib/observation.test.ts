import { expect, test } from "vitest";

import { actorOf, kindOf, linkOf, readTitle } from "./observation";

test("a title's prefix becomes its kind", () => {
  expect(readTitle({ title: "[PR Closed] Fix the bell", type: "pull_request.closed" })).toEqual({
    kind: "PR Closed",
    text: "Fix the bell",
  });
});

test("the first line of a comment is read without its Markdown", () => {
  const { kind, text } = readTitle({
    title: "## Post-Incident Summary  **Timeline:** - see [the log](https://x.example/a)",
    type: "comment.created",
  });
  expect(kind).toBe("Comment created");
  expect(text).toBe("Post-Incident Summary Timeline: - see the log");
});

test("names with underscores and hashes stay as they are", () => {
  expect(readTitle({ title: "Fix #12 in user_name_field and C#", type: "push" }).text).toBe(
    "Fix #12 in user_name_field and C#",
  );
});

test("types are read as words", () => {
  expect(kindOf("issue_comment.created")).toBe("Issue comment created");
});

test("an actor needs an id, and is called by its name where it has one", () => {
  expect(actorOf({ actor: { actor_id: "github:1", name: "ada" } })).toEqual({
    id: "github:1",
    name: "ada",
    avatar: undefined,
  });
  expect(actorOf({ actor: { id: "1" } })?.name).toBe("1");
  expect(actorOf({ actor: null })).toBeUndefined();
});

test("only addresses of the web are links", () => {
  expect(linkOf({ url: "https://github.com/a" })).toBe("https://github.com/a");
  expect(linkOf({ url: "javascript:alert(1)" })).toBeUndefined();
});
