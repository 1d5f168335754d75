// Assistants in a real browser: how one is connected, memory keys, and a member who lets an official client read.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { Client as Client2, StreamableHTTPClientTransport as Transport2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Transport1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, deliver, freePort, OWNER, pullRequest, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let ws;

before(async () => {
  browser = await launch();
  server = await start("sqlite");
  ws = await workspace(server);
  await deliver(server, "pull_request", pullRequest(41, "Checkout times out", "opened", "ERR_GATEWAY_504 under load."));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const within = (path) => `${server.url}/w/${ws}${path}`;
const DARK_PHONE = { viewport: { width: 390, height: 800 }, colorScheme: "dark" };

async function listWith(key) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  return (await fetch(`${server.url}/mcp`, { method: "POST", headers, body })).status;
}

test("an owner makes a memory key, which works until it is revoked", async () => {
  const page = await openPage(browser);
  await signIn(page, server);
  await page.goto(within("/settings/assistants"));
  const ways = page.getByRole("figure", { name: "Connect an assistant" });
  await ways.getByText(`claude mcp add --transport http campanile ${server.url}/mcp`).waitFor();
  await ways.getByRole("tab", { name: "Cursor" }).click();
  await ways.getByText("~/.cursor/mcp.json").waitFor();
  await page.getByText("There is no memory key yet.").waitFor();
  await check(page, "assistants-empty");

  await page.getByRole("button", { name: "New memory key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What it is for").fill("Claude Code");
  await check(page, "assistants-new-key");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await dialog.getByRole("heading", { name: "Key Claude Code" }).waitFor();
  const key = (await dialog.getByText(/^mk_/).first().textContent()).trim();
  await dialog.getByRole("tab", { name: "VS Code" }).click();
  await dialog.getByText(`Bearer ${key}`).waitFor();
  await check(page, "assistants-key-made");
  await dialog.getByRole("button", { name: "Done" }).click();
  assert.equal(await listWith(key), 200);

  const keys = page.getByRole("region", { name: "Memory keys" });
  await keys.getByText("Claude Code").waitFor();
  await page.getByRole("button", { name: "List the tools" }).click();
  const tools = page.getByRole("list", { name: "Tools" });
  await tools.getByText("timeline", { exact: true }).first().waitFor();
  assert.equal(await tools.getByRole("listitem").count(), 7);
  await check(page, "assistants-tools");

  await keys.getByRole("button", { name: "Revoke Claude Code" }).click();
  await page.getByRole("button", { name: "Revoke the key" }).click();
  await page.getByText("There is no memory key yet.").waitFor();
  assert.equal(await listWith(key), 401);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

/** A program on the member's machine, as the official clients want one: it keeps what it gets in memory, and listens for the code. */
async function program() {
  const port = await freePort();
  const kept = {};
  let told;
  const code = new Promise((resolve) => (told = resolve));
  const listener = createServer((request, response) => {
    const query = new URL(request.url, "http://localhost").searchParams;
    if (query.has("code") || query.has("error")) told(query);
    response.end("This page can be closed.");
  });
  await new Promise((resolve) => listener.listen(port, "127.0.0.1", resolve));
  const redirectUrl = `http://127.0.0.1:${port}/callback`;
  const provider = {
    redirectUrl,
    clientMetadata: { client_name: "A test of clients", redirect_uris: [redirectUrl], token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] },
    state: () => "a state",
    clientInformation: () => kept.client,
    saveClientInformation: (client) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => void (kept.tokens = tokens),
    redirectToAuthorization: (url) => void (kept.url = url),
    saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
    codeVerifier: () => kept.verifier,
    saveDiscoveryState: (state) => void (kept.discovery = state),
    discoveryState: () => kept.discovery,
  };
  return { provider, kept, code, stop: () => listener.close() };
}

for (const [generation, Client, Transport] of [["first", Client1, Transport1], ["second", Client2, Transport2]]) {
  test(`a member lets the TypeScript library of the ${generation} generation read one workspace`, async () => {
    const { provider, kept, code, stop } = await program();
    const connected = () => new Transport(new URL(`${server.url}/mcp`), { authProvider: provider });
    const first = connected();
    await assert.rejects(new Client({ name: "a test", version: "1" }).connect(first), "it has no token yet");
    assert.equal(kept.url.pathname, "/oauth/authorize");
    assert.equal(kept.url.searchParams.get("code_challenge_method"), "S256");

    // Nobody is signed in: the page asks, and then goes on to what was asked.
    const page = await openPage(browser, generation === "first" ? {} : DARK_PHONE);
    await page.goto(kept.url.href);
    await page.getByLabel("Mail address").fill(OWNER.email);
    await page.getByLabel("Password").fill(OWNER.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "May A test of clients read a workspace?" }).waitFor();
    await page.getByText(new URL(provider.redirectUrl).host).waitFor();
    await check(page, `assistants-consent-${generation}`);
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    const answer = await code;
    assert.equal(answer.get("error"), null);
    assert.deepEqual([answer.get("state"), answer.get("iss")], ["a state", server.url]);

    await (Client === Client1 ? first.finishAuth(answer.get("code")) : first.finishAuth(answer));
    assert.equal(kept.tokens.scope, "memory:read");
    const client = new Client({ name: "a test", version: "1" });
    await client.connect(connected());
    const search = async () => (await client.callTool({ name: "search", arguments: { query: "ERR_GATEWAY_504" } })).structuredContent.results;
    await until(async () => (await search()).length === 1, "it searches");
    const before = kept.tokens.access_token;
    kept.tokens = { ...kept.tokens, access_token: "mt_nobody" };
    assert.equal((await search()).length, 1, "it gets the next tokens by itself");
    assert.notEqual(kept.tokens.access_token, before);
    await client.close();

    const settings = await openPage(browser, generation === "first" ? {} : DARK_PHONE);
    await signIn(settings, server);
    await settings.goto(within("/settings/assistants"));
    const list = settings.getByRole("region", { name: "Connected assistants" });
    await list.getByText("A test of clients").waitFor();
    await list.getByText(/last used/).waitFor();
    await check(settings, `assistants-connected-${generation}`);
    await list.getByRole("button", { name: "Disconnect A test of clients" }).click();
    await settings.getByRole("button", { name: "Disconnect it" }).click();
    await settings.getByText("No assistant is connected").waitFor();
    assert.equal(await listWith(kept.tokens.access_token), 401);
    assert.deepEqual(settings.problems, []);
    await settings.context().close();
    await page.context().close();
    stop();
  });
}

test("a member who does not agree sends the assistant away, and a wrong request goes nowhere", async () => {
  const { provider, kept, code, stop } = await program();
  const transport = new Transport1(new URL(`${server.url}/mcp`), { authProvider: provider });
  await assert.rejects(new Client1({ name: "a test", version: "1" }).connect(transport));
  const page = await openPage(browser);
  await signIn(page, server);
  const wrong = new URL(kept.url);
  wrong.searchParams.set("redirect_uri", "https://evil.example.com/");
  await page.goto(wrong.href);
  await page.getByRole("heading", { name: "This request cannot be trusted" }).waitFor();
  await check(page, "assistants-untrusted");
  assert.match(page.url(), /\/oauth\/authorize/);
  await page.goto(kept.url.href);
  await page.getByRole("button", { name: "Do not allow" }).click();
  assert.equal((await code).get("error"), "access_denied");
  assert.deepEqual((await api(server, "/api/assistants")).body.data, []);
  assert.ok(page.problems.every((problem) => /400/.test(problem)), JSON.stringify(page.problems));
  await page.context().close();
  stop();
});
