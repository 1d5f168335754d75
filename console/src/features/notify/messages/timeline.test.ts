import { expect, test } from "vitest";

import { canRetry, dataFilter, entriesOf, reasonOf } from "./timeline";

const event = (type: string, data: object | null = null) =>
  ({
    __typename: "MessageEvent",
    id: type,
    type: `message.${type}`,
    recipient: "a",
    data,
    inserted_at: "2026-01-01T00:00:00Z",
  }) as never;

test("the oldest stands first, and failures say why", () => {
  const entries = entriesOf([
    event("undelivered", { failure_reason: "fatal_error", failure_details: "no such mailbox" }),
    event("queued", { manual_retry: true }),
    event("created"),
  ]);
  expect(entries.map(({ title }) => title)).toEqual(["Created", "Sent again by hand", "Not delivered"]);
  expect(entries[2]).toMatchObject({ tone: "bad", reason: "no such mailbox" });
});

test("the latest failure that has a reason says why a message did not arrive", () => {
  const events = [
    event("seen"),
    event("undelivered", { failure_reason: "fatal_error", failure_details: "no such mailbox" }),
    event("delivery_attempted", { failure_details: "try later" }),
    event("queued"),
  ];
  expect(reasonOf(events)).toMatchObject({ title: "Not delivered", reason: "no such mailbox" });
  expect(reasonOf([event("queued")])).toBeUndefined();
});

test("only what did not get through can be sent again", () => {
  expect([..."undelivered bounced sent queued".split(" ")].filter(canRetry)).toEqual(["undelivered", "bounced"]);
});

test("pairs of trigger data are written as the API takes them", () => {
  expect(dataFilter("page:Bells")).toBe('{"page":"Bells"}');
  expect(dataFilter("total=10, urgent:true")).toBe('{"total":10,"urgent":true}');
  expect(dataFilter("title: Two words")).toBe('{"title":"Two words"}');
  expect(dataFilter("nonsense")).toBeUndefined();
  expect(dataFilter(undefined)).toBeUndefined();
});
