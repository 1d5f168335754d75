import { expect, test } from "vitest";

import { isDeliverySource, type Source, sourceTitle } from "./sources";

test("a source is called by its resource, or by its path if it was set up by hand", () => {
  const source = { provider: "github", path: "x1" };
  const resource = { connection_id: "con_1", kind: "repository", provider_id: "7" };
  expect(sourceTitle(source)).toBe("GitHub /x1");
  expect(sourceTitle({ ...source, resource: { ...resource, name: "acme/shop" } })).toBe("GitHub acme/shop");
  expect(sourceTitle({ ...source, resource })).toBe("GitHub 7");
});

test("a tool whose documents alone are read sends no deliveries", () => {
  const source = (provider: string): Source => ({
    id: `src_${provider}`,
    workspace_id: "ws_1",
    provider,
    path: "x",
    created_at: "2026-01-01T00:00:00Z",
  });
  const all = ["notion", "github", "of_a_later_version"].map(source);
  expect(all.filter(isDeliverySource).map(({ provider }) => provider)).toEqual(["github"]);
});
