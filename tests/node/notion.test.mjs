// Webhooks of Notion, signed by Notion's own client: the handshake in the console, and what a signed event becomes.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { signWebhookPayload } from "@notionhq/client";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, freePort, start, until, workspace } from "./harness.mjs";

const TOKEN = "ntn_0123456789";
const VERIFICATION = "secret_0123456789abcdefghij";
const text = (content) => [{ type: "text", plain_text: content, annotations: {}, href: null }];
const page = {
  object: "page", id: "page-1", parent: { type: "workspace", workspace: true }, in_trash: false,
  last_edited_time: "2026-01-02T03:04:00.000Z", url: "https://www.notion.so/page-1",
  properties: { Name: { type: "title", title: text("Roadmap") } },
};

/** The few answers of Notion's API that a page needs. */
function answer(path) {
  if (path === "/v1/users/me") return { object: "user", id: "bot-1", type: "bot", bot: { workspace_name: "Acme" } };
  if (path === "/v1/search") return { results: [page], has_more: false, request_status: { type: "complete" } };
  if (path === "/v1/pages/page-1") return page;
  if (path === "/v1/users/user-1") return { object: "user", id: "user-1", type: "person", name: "Ann" };
  if (path.startsWith("/v1/blocks/")) return { results: [], has_more: false };
}

const servers = {};
let notion, browser;

before(async () => {
  browser = await launch();
  notion = createServer((request, response) => {
    const found = answer(request.url.split("?")[0]);
    response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(found ?? { object: "error", code: "object_not_found", message: "not found" }));
  });
  const port = await freePort();
  await new Promise((resolve) => notion.listen(port, "127.0.0.1", resolve));
  for (const kind of ["sqlite", "postgres"])
    servers[kind] = await start(kind, { CAMPANILE_CONNECTOR_NOTION_API_URL: `http://127.0.0.1:${port}` });
});

after(async () => {
  await browser?.close();
  for (const server of Object.values(servers)) await server.stop();
  notion?.close();
});

/** Connects Notion with a token, and links everything that is shared. Returns the source. */
async function link(server) {
  const made = await api(server, "/api/connect/notion/token", { method: "POST", body: JSON.stringify({ token: TOKEN }) });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const connection = made.body.id;
  const listed = async () => (await api(server, `/api/connections/${connection}/resources`)).body.data.length > 0;
  await until(listed, "the pages are listed");
  const resources = [{ kind: "workspace", provider_id: "bot-1" }];
  const path = `/api/workspaces/${await workspace(server)}/sources`;
  const linked = await api(server, path, { method: "POST", body: JSON.stringify({ connection, resources }) });
  assert.equal(linked.status, 201, JSON.stringify(linked.body));
  return linked.body.data[0];
}

async function post(server, source, body, headers = {}) {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
  return (await fetch(`${server.url}/api/ingest/notion/${source.path}`, init)).status;
}

for (const kind of ["sqlite", "postgres"]) {
  test(`what Notion's own client signs is heard after the handshake, and nothing else (${kind})`, async () => {
    const server = servers[kind];
    const source = await link(server);
    assert.equal(await post(server, source, JSON.stringify({ verification_token: VERIFICATION })), 200);
    const browserPage = await openPage(browser, {});
    await signIn(browserPage, server);
    await browserPage.goto(`${server.url}/w/${await workspace(server)}/integrations/${source.id}`);
    await browserPage.getByText("Staying true").waitFor();
    if (kind === "sqlite") await check(browserPage, "source-upkeep");
    await browserPage.getByRole("tab", { name: "Set-up" }).click();
    await browserPage.getByRole("button", { name: "Show the token" }).click();
    await browserPage.getByText(VERIFICATION).waitFor();
    if (kind === "sqlite") await check(browserPage, "notion-handshake");
    await browserPage.context().close();

    const event = {
      id: "event-1", timestamp: "2026-11-01T10:02:00.000Z", workspace_id: "space-1", subscription_id: "s",
      integration_id: "i", attempt_number: 1, api_version: "2025-09-03", type: "page.created",
      authors: [{ id: "user-1", type: "person" }], entity: { id: "page-1", type: "page" }, data: { parent: { id: "space-1", type: "space" } },
    };
    const body = JSON.stringify(event);
    const signature = await signWebhookPayload({ body, verificationToken: VERIFICATION });
    assert.equal(await post(server, source, body.replace("page-1", "page-2"), { "x-notion-signature": signature }), 401);
    assert.equal(await post(server, source, body), 401);
    assert.equal(await post(server, source, body, { "x-notion-signature": signature }), 202);
    const told = async () => (await api(server, "/api/observations?source=notion")).body.data[0];
    const observation = await until(told, "the event is remembered");
    assert.equal(observation.title, "[Page Created] Roadmap");
    assert.equal(observation.actor.name, "Ann");
  });
}
