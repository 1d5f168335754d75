import { expect, test } from "vitest";

import type { Delivery } from "../../lib/api";
import { eventInWords, healthOf } from "./sources";

const delivery = (id: string, source_id: string, status: string): Delivery => ({
  id,
  source_id,
  provider: "github",
  delivery_id: id,
  origin: "webhook",
  event: "push",
  received_at: "2026-01-01T00:00:00Z",
  status,
});

test("a source's health is of its own deliveries, the newest first", () => {
  const { last, counts, all } = healthOf("a", [
    delivery("3", "b", "failed"),
    delivery("2", "a", "skipped"),
    delivery("1", "a", "processed"),
    delivery("0", "a", "processed"),
  ]);
  expect(last?.id).toBe("2");
  expect(counts).toEqual({ skipped: 1, processed: 2 });
  expect(all).toHaveLength(3);
});

test("a source that nothing came to has no last delivery", () => {
  expect(healthOf("a", []).last).toBeUndefined();
});

test("a page of history is no delivery that the tool has sent, and is called by what is on it", () => {
  const pulled: Delivery = { ...delivery("2", "a", "processed"), origin: "backfill", event: "pull:pull_request" };
  expect(healthOf("a", [pulled]).lastWebhook).toBeUndefined();
  expect(healthOf("a", [pulled, delivery("1", "a", "processed")]).lastWebhook?.id).toBe("1");
  expect(eventInWords(pulled)).toBe("History: pull request");
  expect(eventInWords({ event: "push" })).toBe("push");
});
