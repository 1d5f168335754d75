import { expect, test } from "vitest";

import { canLink, chosen, MOST, NONE, toLink, withAll, without } from "./choice";
import type { Resource } from "./connections";

const resource = (provider_id: string, more: Partial<Resource> = {}): Resource => ({
  kind: "repository",
  provider_id,
  name: `acme/${provider_id}`,
  is_private: false,
  is_archived: false,
  status: "active",
  listed_at: "2026-01-01T00:00:00Z",
  sources: [],
  ...more,
});
const linked = resource("1", { sources: [{ id: "src_1", workspace_id: "ws_1" }] });

test("a resource is linked once in a workspace, and one that the account lost is not linked", () => {
  expect(canLink(linked, "ws_1")).toBe(false);
  expect(canLink(linked, "ws_2")).toBe(true);
  expect(canLink(resource("2", { status: "inactive" }), "ws_1")).toBe(false);
});

test("no more than fifty are chosen, in the order of the list", () => {
  const rows = Array.from({ length: MOST + 10 }, (_, at) => resource(String(at)));
  const all = withAll(NONE, [linked, ...rows], "ws_1");
  expect(all.size).toBe(MOST);
  expect([...all.values()][0]?.provider_id).toBe("0");
  expect(chosen(all, resource("another"), true).size).toBe(MOST);
  expect(without(all, rows).size).toBe(0);
});

test("what was linked or lost meanwhile is not linked again", () => {
  const choice = withAll(NONE, [resource("1"), resource("2"), resource("3")], "ws_1");
  const now = [linked, resource("2", { status: "inactive" })];
  expect(toLink(choice, now, "ws_1").map(({ provider_id }) => provider_id)).toEqual(["3"]);
});
