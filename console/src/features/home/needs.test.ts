import { expect, test } from "vitest";

import { failingChannels, needsOf } from "./needs";

const endpoint = { id: "ep_1", name: "Billing", url: "https://x.example", disabled: false, success: 1, fail: 0 };

test("where all is well nothing is asked for", () => {
  expect(
    needsOf({
      workspace: "ws",
      failedDeliveries: { count: 0, more: false },
      endpoints: [endpoint],
      channels: [],
      silent: [],
    }),
  ).toEqual([]);
});

test("an endpoint needs somebody when it is disabled or mostly fails", () => {
  const needs = needsOf({
    workspace: "ws",
    endpoints: [
      { ...endpoint, disabled: true },
      { ...endpoint, id: "ep_2", fail: 9 },
      { ...endpoint, id: "ep_3", success: 9, fail: 1 },
    ],
  });
  expect(needs.map(({ title }) => title)).toEqual(["Billing is disabled", "Billing fails"]);
});

test("counts are told as far as they were read", () => {
  const [need] = needsOf({ workspace: "ws", failedDeliveries: { count: 100, more: true } });
  expect(need?.title).toBe("100+ deliveries could not be processed");
  expect(needsOf({ workspace: "ws", failedRuns: { count: 1, more: false } })[0]?.title).toBe("1 run failed");
});

test("channels are failing when something by them failed, with its reason", () => {
  const sent = [
    { channel: "email", status: "bounced", error: "no such mailbox" },
    { channel: "email", status: "sent" },
    { channel: "in_app_feed", status: "delivered" },
  ];
  expect(failingChannels(sent, (name) => name.toUpperCase())).toEqual([
    { channel: "EMAIL", failed: 1, of: 2, error: "no such mailbox" },
  ]);
});
