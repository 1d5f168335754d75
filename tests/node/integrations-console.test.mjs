// The page of integrations and connected accounts in a real browser, against an emulator of Linear that others wrote: connecting
// with a token and by consent, checking, disconnecting, and the ways back that connect nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { createEmulator } from "emulate";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, freePort, start, until, workspace } from "./harness.mjs";

const CLIENT = { id: "campanile-client", secret: "campanile-secret" };
const KEY = "lin_api_key";
const REVOKED = "lin_api_revoked";
const STAFF = { email: "grace@example.com", password: "a horse of her own" };

let browser;
let server;
let emulator;
let linear;
let ws;

before(async () => {
  browser = await launch();
  const port = await freePort();
  linear = `http://127.0.0.1:${port}`;
  server = await start("sqlite", {
    CAMPANILE_CONNECTOR_LINEAR_CLIENT_ID: CLIENT.id,
    CAMPANILE_CONNECTOR_LINEAR_CLIENT_SECRET: CLIENT.secret,
    CAMPANILE_CONNECTOR_LINEAR_API_URL: linear,
    CAMPANILE_CONNECTOR_LINEAR_WEB_URL: linear,
  });
  ws = await workspace(server);
  const { body } = await api(server, "/api/connectors");
  const redirect = body.data.find(({ provider }) => provider === "linear").redirect_uri;
  const seed = {
    organization: { name: "Acme", url_key: "acme" },
    users: [{ email: "admin@example.com", name: "Admin", admin: true }],
    teams: [
      { key: "ENG", name: "Engineering" },
      { key: "OPS", name: "Operations" },
    ],
    oauth_apps: [
      { client_id: CLIENT.id, client_secret: CLIENT.secret, name: "Campanile", redirect_uris: [redirect], scopes: ["read"], actor: "user" },
    ],
    tokens: [KEY, REVOKED].map((token) => ({ token, user: "admin@example.com", scopes: ["read"] })),
    strict_scopes: true,
  };
  emulator = await createEmulator({ service: "linear", port, seed: { linear: seed } });
  await revoke(REVOKED);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await emulator?.close();
});

const revoke = (token) => fetch(`${linear}/oauth/revoke`, { method: "POST", body: new URLSearchParams({ token }) });
const within = (path) => `${server.url}/w/${ws}${path}`;

async function signedIn(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  return page;
}

const connections = async () => (await api(server, "/api/connections")).body.data;
const accountsOf = (page) => page.getByRole("list", { name: "Accounts of Linear" });
const cardOf = (page, name) =>
  page.getByRole("region", { name: "Accounts" }).getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });

test("tools that can be connected, and those of later versions, are told apart; channels and automation lead on", async () => {
  const page = await signedIn();
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.getByRole("heading", { name: "Data connectors" }).waitFor();
  const card = cardOf(page, "Linear");
  await card.getByText("Available", { exact: true }).waitFor();
  await card.getByText(/^Reads teams, issues, .* and project updates\. Needs no public address of this server\.$/).waitFor();
  await card.getByText("Nothing is changed in Linear.").waitFor();
  const later = cardOf(page, "Slack");
  await later.getByText("Coming soon", { exact: true }).waitFor();
  assert.equal(await later.getByRole("button").count(), 0, "what cannot be done is not offered");
  const channels = page.getByRole("list", { name: "Channels" });
  await channels.getByRole("link").first().waitFor();
  const automation = page.getByRole("list", { name: "Automation" });
  await automation.getByText(/no endpoints in this workspace; 1 application in all/).waitFor();
  await automation.getByText(/1 secret key/).waitFor();
  const zapier = automation.getByRole("link", { name: /^Zapier/ });
  await zapier.getByText("How it is set up").waitFor();
  await zapier.getByText("not set up", { exact: true }).waitFor();
  await check(page, "integrations-none");
  const zap = { url: "https://hooks.example.com/1", metadata: { via: "zapier" } };
  await api(server, `/api/v1/app/${ws}/endpoint`, { method: "POST", body: JSON.stringify(zap) });
  await page.reload();
  await zapier.getByText("1 Zap in this workspace").waitFor();
  await zapier.click();
  await page.getByRole("heading", { name: "Zapier", level: 1 }).first().waitFor();
  await page.getByRole("heading", { name: "Setting it up" }).waitFor();
  await page.goBack();
  await automation.getByRole("link", { name: /Webhooks/ }).click();
  await page.getByRole("heading", { name: "Applications", level: 1 }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a token that Linear refuses connects nothing; a good one connects, is checked, and is disconnected", async () => {
  const page = await signedIn();
  await page.goto(within("/integrations"));
  await page.getByRole("button", { name: "Connect Linear with a token" }).click();
  const dialog = page.getByRole("dialog", { name: "Connect Linear with a token" });
  await dialog.getByLabel("Personal API key").fill(REVOKED);
  await dialog.getByLabel("Personal API key").press("Enter");
  await dialog.getByText("Linear does not accept this token.").waitFor();
  await check(page, "connect-token");
  assert.deepEqual(await connections(), []);
  page.problems = page.problems.filter((problem) => !/400/.test(problem));
  await dialog.getByLabel("Personal API key").fill(KEY);
  await dialog.getByRole("button", { name: "Connect", exact: true }).click();

  await page.getByRole("heading", { name: "Acme", level: 1 }).waitFor();
  assert.match(page.url(), /\/integrations\/con_\w+$/, "the token dialog is closed");
  await page.getByText("Connected", { exact: true }).first().waitFor();
  const about = page.getByRole("region", { name: "About" });
  await about.getByText("owner@example.com").waitFor();
  await about.getByText("does not run out").waitFor();
  const resources = page.getByRole("region", { name: "Resources" });
  await resources.getByText("Engineering").waitFor();
  await resources.getByText("Operations").waitFor();
  await check(page, "connection");
  await page.getByLabel("Search the resources").fill("engin");
  await until(async () => (await resources.getByText("Operations").count()) === 0, "only what fits is shown");
  await resources.getByText("Engineering").waitFor();
  await page.getByLabel("Search the resources").fill("nothing like it");
  await resources.getByText("No name contains “nothing like it”.").waitFor();
  await page.getByLabel("Search the resources").fill("");

  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText("Linear accepted the call").waitFor();

  await page.getByRole("button", { name: "Disconnect", exact: true }).click();
  const question = page.getByRole("alertdialog", { name: "Disconnect Acme of Linear?" });
  await question.getByText(/It stays valid at Linear/).waitFor();
  await check(page, "disconnect");
  await question.getByRole("button", { name: "Disconnect the account" }).click();
  const status = page.getByRole("status", { name: "Status" });
  await status.getByText(/^Disconnected since/).waitFor();
  const log = page.getByRole("list", { name: "Log" });
  await log.getByText("Tokens and resources erased").waitFor();
  await log.getByText("Something is left at Linear").waitFor();
  await log.getByText("Connected", { exact: true }).waitFor();
  await resources.getByText("They were erased when the account was disconnected.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Check now" }).count(), 0);
  await check(page, "connection-closed");
  assert.deepEqual((await connections()).map((it) => it.status), ["closed"]);
  await page.goto(within("/integrations"));
  await page.getByRole("link", { name: "Acme of Linear" }).waitFor();
  await cardOf(page, "Linear").getByText("Available", { exact: true }).waitFor();
  await page.goto(within("/activity"));
  await page.getByRole("grid", { name: "Activity" }).getByRole("link", { name: "Linear Acme" }).first().waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a person consents at Linear, and is led back to the result; the same way back is good once", async () => {
  const page = await signedIn();
  await page.goto(within("/integrations"));
  await page.getByRole("button", { name: "Connect Linear", exact: true }).click();
  await page.waitForURL(`${linear}/oauth/authorize?**`);
  let back;
  page.on("request", (request) => {
    if (request.url().startsWith(`${server.url}/api/connect/linear/return`)) back = request.url();
  });
  page.problems = [];
  await page.locator("form", { hasText: "admin@example.com" }).getByRole("button").click();
  await page.getByRole("heading", { name: "Acme of Linear is connected" }).waitFor();
  assert.ok(new URL(page.url()).pathname.startsWith(`/w/${ws}/connect/done`), "the workspace is the one before");
  await check(page, "connect-done");

  await page.goto(back);
  await page.getByRole("heading", { name: "This way back is not known" }).waitFor();
  assert.ok(new URL(page.url()).pathname.startsWith("/w/"), "the page has a workspace, although the state tells none");
  await check(page, "connect-used");
  await page.getByRole("link", { name: "Integrations", exact: true }).last().click();
  await cardOf(page, "Linear").getByText("Connected", { exact: true }).first().waitFor();
  await accountsOf(page).getByRole("link", { name: /Acme/ }).click();
  await page.getByRole("region", { name: "About" }).getByText("consent at the provider").waitFor();
  await page.getByRole("region", { name: "About" }).getByText("read", { exact: true }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a wrong state, a refusal and an unknown reason are told in words, and connect nothing", async () => {
  const page = await signedIn();
  const before = await connections();
  await page.goto(`${server.url}/api/connect/linear/return?state=wrong&code=x`);
  await page.getByRole("heading", { name: "This way back is not known" }).waitFor();
  await page.getByRole("button", { name: "Connect Linear", exact: true }).waitFor();

  const begun = await page.evaluate(async () => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch("/api/connect/linear", { method: "POST", headers, body: "{}" });
    return (await answer.json()).url;
  });
  const state = new URL(begun).searchParams.get("state");
  await page.goto(`${server.url}/api/connect/linear/return?state=${encodeURIComponent(state)}&error=access_denied`);
  await page.getByRole("heading", { name: "The access was not granted" }).waitFor();
  await page.getByText("It was declined at Linear.").waitFor();
  await check(page, "connect-denied");

  await page.goto(within("/connect/done?provider=linear&result=failed&reason=of_a_later_version&message=A%20%3Cb%3Esentence%3C/b%3E"));
  await page.getByRole("heading", { name: "It was not connected" }).waitFor();
  await page.getByText("A <b>sentence</b>").waitFor();
  await page.goto(within("/connect/done"));
  await page.getByRole("heading", { name: "Nothing was connected here" }).waitFor();
  await page.goto(within("/connect/done?provider=linear&result=connected&connection=con_unknown"));
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByText(/is connected$/).count(), 0, "the address alone connects nothing");
  assert.deepEqual(await connections(), before);
  assert.deepEqual(page.problems.filter((problem) => !/404/.test(problem)), []);
  await page.context().close();
});

test("an account whose tokens Linear refuses says so, and is connected again", async () => {
  const page = await signedIn();
  await api(server, "/api/connect/linear/token", { method: "POST", body: JSON.stringify({ token: KEY }) });
  const [{ id }] = await connections();
  await revoke(KEY);
  await page.goto(within(`/integrations/${id}`));
  const status = page.getByRole("status", { name: "Status" });
  const isRevoked = async () => (await connections())[0].status === "revoked";
  for (let times = 0; times < 6 && !(await isRevoked()); times += 1) {
    const answered = page.waitForResponse(`**/api/connections/${id}/check`);
    await page.getByRole("button", { name: "Check now" }).click();
    await answered;
  }
  assert.ok(await isRevoked(), "the tokens are given up");
  await page.getByText("The check failed").first().waitFor();
  await page.reload();
  await status.getByText(/^Access lost since/).waitFor();
  await status.getByText("Linear no longer accepts the tokens.").waitFor();
  await check(page, "connection-revoked");
  await page.goto(within("/integrations"));
  await cardOf(page, "Linear").getByText("Reconnect", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Reconnect Linear", exact: true }).click();
  await page.locator("form", { hasText: "admin@example.com" }).getByRole("button").click();
  await page.getByRole("heading", { name: "Acme of Linear is connected" }).waitFor();
  assert.equal((await connections())[0].status, "active");
  await page.context().close();
});

test("who may not configure sees accounts, and is offered nothing", async () => {
  await api(server, "/api/members", { method: "POST", body: JSON.stringify({ ...STAFF, role: "staff" }) });
  const page = await openPage(browser, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await page.goto(server.url);
  await page.getByLabel("Mail address").fill(STAFF.email);
  await page.getByLabel("Password").fill(STAFF.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
  await page.goto(within("/integrations?token=linear"));
  await page.getByText("Managers and owners connect accounts.").waitFor();
  await page.getByText("Managers and owners see and set up the channels.").waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.equal(await page.getByRole("button", { name: /^(Connect|Reconnect|Add) / }).count(), 0);
  await check(page, "integrations-staff-390");
  await accountsOf(page).getByRole("link", { name: /Acme/ }).click();
  await page.getByRole("region", { name: "Resources" }).getByText("Engineering").waitFor();
  assert.equal(await page.getByRole("button", { name: /Check now|Disconnect/ }).count(), 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

for (const [theme, width] of [["light", 1280], ["dark", 390]]) {
  test(`the pages fit and can be read, ${theme} and ${width} wide`, async () => {
    // High enough for the picture to have the whole page.
    const page = await signedIn({ viewport: { width, height: 2_400 }, colorScheme: theme });
    const [{ id }] = await connections();
    const pages = [
      ["integrations", "/integrations", () => accountsOf(page)],
      ["connect-token", "/integrations?token=linear", () => page.getByRole("dialog", { name: "Connect Linear with a token" })],
      ["connection", `/integrations/${id}`, () => page.getByRole("region", { name: "Resources" }).getByText("Engineering")],
      ["connect-done", `/connect/done?provider=linear&result=connected&connection=${id}`, () => page.getByText(/is connected$/)],
      ["connect-failed", "/connect/done?provider=linear&result=failed&reason=provider_failed&message=Linear%20refused", () => page.getByText("Linear refused", { exact: true })],
    ];
    for (const [name, path, shown] of pages) {
      await page.goto(within(path));
      await shown().waitFor();
      await check(page, `${name}-${theme}-${width}`);
    }
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}
