// Notion in the console, in a real browser: a tool whose documents are read and that sends no deliveries. No page offers an address,
// a secret or a sample for it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, start, until, workspace } from "./harness.mjs";

const TOKEN = "ntn_0123456789";
const rich = (text) => [{ type: "text", plain_text: text, annotations: {}, href: null }];
const paragraph = { object: "block", id: "text-1", type: "paragraph", has_children: false, paragraph: { rich_text: rich("Cards are charged at night.") } };
const handbook = {
  object: "page",
  id: "0f1e2d3c-0000-4000-8000-000000000001",
  parent: { type: "workspace", workspace: true },
  last_edited_time: "2026-01-02T03:04:00.000Z",
  in_trash: false,
  url: "https://www.notion.so/handbook",
  properties: { Name: { type: "title", title: rich("The handbook of everybody who works at night or answers the telephone") } },
};

/** The answer of Notion to a call of the integration. */
function answerOf({ method, url, headers }) {
  if (headers.authorization !== `Bearer ${TOKEN}`) return [401, { object: "error", code: "unauthorized", message: "API token is invalid." }];
  const path = url.split("?")[0];
  if (path === "/v1/users/me") return [200, { object: "user", id: "bot-1", type: "bot", name: "Campanile", bot: { workspace_name: "Acme" } }];
  if (method === "POST" && path === "/v1/search")
    return [200, { object: "list", results: [handbook], has_more: false, next_cursor: null, request_status: { type: "complete" } }];
  if (path === `/v1/pages/${handbook.id}`) return [200, handbook];
  if (path === `/v1/blocks/${handbook.id}/children`) return [200, { results: [paragraph], has_more: false }];
  return [404, { object: "error", code: "object_not_found", message: "Could not find it." }];
}

let browser;
let notion;
let server;
let ws;
let source;

before(async () => {
  browser = await launch();
  notion = createServer((request, response) => {
    request.resume().on("end", () => {
      const [status, body] = answerOf(request);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  await new Promise((resolve) => notion.listen(0, "127.0.0.1", resolve));
  server = await start("sqlite", {
    CAMPANILE_BOOTSTRAP_SOURCES: "",
    CAMPANILE_CONNECTOR_NOTION_API_URL: `http://127.0.0.1:${notion.address().port}`,
  });
  ws = await workspace(server);
  // The first start makes a source of GitHub.
  for (const { id } of (await api(server, "/api/sources")).body.data) await api(server, `/api/sources/${id}`, { method: "DELETE" });
  const made = await api(server, "/api/connect/notion/token", { method: "POST", body: JSON.stringify({ token: TOKEN }) });
  const connection = made.body.id;
  const listed = async () => (await api(server, `/api/connections/${connection}/resources`)).body.data.find(({ kind }) => kind === "page");
  const { kind, provider_id } = await until(listed, "the pages are listed");
  const body = JSON.stringify({ connection, resources: [{ kind, provider_id }] });
  const linked = await api(server, `/api/workspaces/${ws}/sources`, { method: "POST", body });
  source = linked.body.data[0].id;
});

after(async () => {
  await browser?.close();
  await server?.stop();
  notion?.close();
});

const within = (path) => `${server.url}/w/${ws}${path}`;

async function signedIn(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  return page;
}

test("a workspace with pages of Notion alone offers no sample of a delivery, and asks for a source", async () => {
  const page = await signedIn();
  const setUp = page.getByRole("region", { name: "Set-up" });
  await setUp.getByText(/^GitHub, .* or a sample from the shell\.$/).waitFor();
  assert.equal(await page.getByText(/Nothing has come from/).count(), 0, "nothing is missing");
  assert.equal(await page.getByText("/api/ingest/notion").count(), 0);
  await page.goto(within("/deliveries"));
  await page.getByRole("heading", { name: "Deliveries", level: 1 }).waitFor();
  await page.goto(within("/observations"));
  await page.getByRole("heading", { name: "Observations", level: 1 }).waitFor();
  assert.equal(await page.getByText("/api/ingest/notion").count(), 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

for (const [theme, width] of [["light", 1280], ["dark", 390]]) {
  test(`the page of a linked page has its documents, and no address or secret, ${theme} and ${width} wide`, async () => {
    const page = await signedIn({ viewport: { width, height: 1_600 }, colorScheme: theme });
    await page.goto(within("/integrations"));
    const card = page.getByRole("link", { name: /^Notion The handbook/ });
    await card.getByText("Its documents are read").waitFor();
    await check(page, `notion-integrations-${theme}-${width}`);
    await card.click();
    await page.getByRole("heading", { name: /^Notion The handbook/, level: 1 }).waitFor();
    await page.getByRole("list", { name: "Syncs" }).getByText("Complete", { exact: true }).waitFor({ timeout: 45_000 });
    assert.equal(await page.getByText("/api/ingest").count(), 0, "it has no address for deliveries");
    assert.equal(await page.getByRole("button", { name: "Rotate the secret" }).count(), 0);
    assert.equal(await page.getByRole("tab").count(), 2, "its documents, and the handshake of its webhooks");
    await check(page, `notion-source-${theme}-${width}`);
    await page.getByRole("button", { name: "Unlink", exact: true }).click();
    const question = page.getByRole("alertdialog");
    await question.getByLabel("Delete its documents too").waitFor();
    assert.equal(await question.getByText(/address|secret/).count(), 0);
    await check(page, `notion-unlink-${theme}-${width}`);
    await page.keyboard.press("Escape");
    assert.match(page.url(), new RegExp(source));
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}
