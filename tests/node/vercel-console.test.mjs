// Vercel and Sentry in a real browser: the form of a token with a field of the tool beside it, what is wrong with either, and
// an account that has nothing to link. Vercel is an emulator that others wrote, and Sentry does not answer.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { createEmulator } from "emulate";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { freePort, start, workspace } from "./harness.mjs";

let browser;
let server;
let emulator;
let ws;

before(async () => {
  browser = await launch();
  const seed = {
    users: [{ username: "ann", email: "ann@example.com" }],
    teams: [{ slug: "acme", name: "Acme" }, { slug: "empty", name: "Empty" }],
    projects: [{ name: "shop", team: "acme" }],
  };
  emulator = await createEmulator({ service: "vercel", port: await freePort(), seed: { vercel: seed } });
  server = await start("sqlite", {
    CAMPANILE_CONNECTOR_VERCEL_API_URL: emulator.url,
    CAMPANILE_CONNECTOR_SENTRY_API_URL: `http://127.0.0.1:${await freePort()}`,
  });
  ws = await workspace(server);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await emulator?.close();
});

const within = (path) => `${server.url}/w/${ws}${path}`;

for (const [scheme, viewport] of [
  ["light", { width: 1280, height: 800 }],
  ["dark", { width: 390, height: 844 }],
]) {
  test(`a team is named beside the token, and one without projects says why, in ${scheme}`, async () => {
    const page = await openPage(browser, { colorScheme: scheme, viewport });
    await signIn(page, server);
    await page.goto(within("/integrations"));
    await page.getByRole("button", { name: /^Connect (another account of )?Vercel$/ }).click();
    const dialog = page.getByRole("dialog", { name: "Connect Vercel with a token" });
    await dialog.getByLabel("Access token").fill("vcp_0123456789");
    await dialog.getByLabel("Team (optional)").fill("nobody");
    await dialog.getByRole("button", { name: "Connect", exact: true }).click();
    await dialog.getByText(/^Team is none that the token sees/).waitFor();
    await check(page, `vercel-token-${scheme}`);
    page.problems = page.problems.filter((problem) => !/400/.test(problem));
    await dialog.getByLabel("Team (optional)").fill("empty");
    await dialog.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByRole("heading", { name: "Empty", level: 1 }).waitFor();
    const resources = page.getByRole("region", { name: "Resources" });
    await resources.getByText(/If none comes, the token sees no projects of this account/).waitFor();
    await check(page, `vercel-empty-${scheme}`);
    await page.goto(within("/integrations"));
    await check(page, `integrations-vercel-${scheme}`);

    await page.getByRole("button", { name: "Connect Sentry", exact: true }).click();
    const other = page.getByRole("dialog", { name: "Connect Sentry with a token" });
    await other.getByLabel("Token of an internal integration").fill("sntrys_0123456789");
    await other.getByLabel("Organisation (optional)").fill("acme");
    await other.getByRole("button", { name: "Connect", exact: true }).click();
    await other.getByText("Sentry does not answer. Nothing was connected.").waitFor();
    await check(page, `sentry-token-${scheme}`);
    assert.deepEqual(page.problems.filter((problem) => !/503/.test(problem)), []);
    await page.context().close();
  });
}
