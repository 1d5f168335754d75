import { expect, test } from "vitest";

import type { Delivery } from "../../lib/api";
import { healthOf, sourceTitle } from "./sources";

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

test("a source is called by its resource, or by its path if it was set up by hand", () => {
  const source = { provider: "github", path: "x1" };
  const resource = { connection_id: "con_1", kind: "repository", provider_id: "7" };
  expect(sourceTitle(source)).toBe("GitHub /x1");
  expect(sourceTitle({ ...source, resource: { ...resource, name: "acme/shop" } })).toBe("GitHub acme/shop");
  expect(sourceTitle({ ...source, resource })).toBe("GitHub 7");
});
