import { expect, test } from "vitest";

import { changesOf, connectionOf, tokensOf, writtenConnection } from "./properties";

test("only what has changed is sent, and what was taken out is null", () => {
  expect(changesOf({ a: 1, b: { c: 1 }, d: 1, e: null }, { a: 1, b: { c: 2 }, f: 1 })).toEqual({
    b: { c: 2 },
    f: 1,
    d: null,
  });
});

test("a connection keeps what a form does not show", () => {
  const slack = { channel_id: "C1", access_token: "xoxb" };
  expect(writtenConnection({ ...connectionOf(slack), value: "C2" })).toEqual({
    channel_id: "C2",
    access_token: "xoxb",
  });
  const hook = { incoming_webhook: { url: "https://a.example" } };
  expect(writtenConnection(connectionOf(hook))).toEqual(hook);
  expect(connectionOf({ user_id: "U1" })).toMatchObject({ kind: "user_id", value: "U1" });
  expect(connectionOf(null)).toMatchObject({ kind: "channel_id", value: "" });
});

test("tokens stand one a line, each once", () => {
  expect(tokensOf("a\n b\na\n")).toEqual(["a", "b"]);
});
