// The addresses of providers, held against a list that others keep: a wrong host or path is seen before an account is
// connected. `api` is the base of the API by default, as `campanile config check` prints it; `authorize` is asked for.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { getProvider } from "@nangohq/providers";

import { api, OWNER, start } from "./harness.mjs";

/** The settings with the bases of APIs, and why one differs from the list, where it does. */
const BASES = {
  github: { setting: "connector_github_api_url" },
  linear: { setting: "connector_linear_api_url" },
  notion: { setting: "connector_notion_api_url" },
  pagerduty: { setting: "connector_pagerduty_api_url" },
  vercel: { setting: "connector_vercel_api_url" },
  // The list has the host alone, and the version in each path.
  gitlab: { setting: "connector_gitlab_api_url", ours: (listed) => `${listed}/api/v4` },
  // The list asks for the host, and has the first step of each path.
  sentry: {
    setting: "connector_sentry_api_url",
    ours: (listed) => listed.replace("${connectionConfig.hostname}", "sentry.io").replace(/\/api$/, ""),
  },
};

let server;
before(async () => {
  server = await start("sqlite", {
    CAMPANILE_CONNECTOR_LINEAR_CLIENT_ID: "id",
    CAMPANILE_CONNECTOR_LINEAR_CLIENT_SECRET: "secret",
  });
});
after(() => server.stop());

/** The lines of the settings in force, where none is set. */
const defaults = () => {
  const folder = mkdtempSync(join(tmpdir(), "campanile-config-"));
  const printed = execFileSync(process.env.CAMPANILE_TEST_BINARY, ["config", "check"], { cwd: folder, env: {}, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return printed.split("\n");
};

for (const [provider, { setting, ours = (listed) => listed }] of Object.entries(BASES)) {
  test(`the API of ${provider} is where others find it`, () => {
    const line = defaults().find((line) => line.includes(setting)) ?? "";
    const { base_url } = getProvider(provider).proxy;
    assert.ok(line.split(/\s+/).includes(ours(base_url)), line);
  });
}

test("the page of consent at Linear is where others find it", async () => {
  const headers = { "content-type": "application/json" };
  const session = await fetch(`${server.url}/api/session`, { method: "POST", headers, body: JSON.stringify(OWNER) });
  const cookie = session.headers.get("set-cookie").split(";")[0];
  const begun = await fetch(`${server.url}/api/connect/linear`, { method: "POST", headers: { ...headers, cookie }, body: "{}" });
  const url = new URL((await begun.json()).url);
  const { authorization_url, scope_separator, authorization_params } = getProvider("linear");
  assert.equal(url.origin + url.pathname, authorization_url);
  assert.equal(scope_separator, ",");
  for (const [name, value] of Object.entries(authorization_params ?? {})) {
    if (name !== "actor") assert.equal(url.searchParams.get(name), value, name);
  }
  // The list sends no challenge. Linear accepts one, and a code without it could be used by whoever sees it.
  assert.equal(url.searchParams.get("code_challenge_method"), "S256");
});

test("every tool that can be connected is in the list above, with its base", async () => {
  const { body } = await api(server, "/api/connectors");
  const available = body.data.filter(({ state }) => state === "available").map(({ provider }) => provider);
  assert.deepEqual(available.sort(), Object.keys(BASES).sort());
});
