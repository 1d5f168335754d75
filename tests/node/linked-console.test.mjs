// Linked repositories in the console, in a real browser: their documents with the configuration and the syncs, and their history.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { filesOf, issue, listsOf, pull } from "./github-data.mjs";
import { repository, startGithub, TOKEN } from "./github.mjs";
import { api, start, until, workspace } from "./harness.mjs";

const CONFIG = "version: 1\ninclude:\n  - docs/**\n";
const files = {
  "acme/shop": { "campanile.yml": CONFIG, "docs/pay.md": "# Payments\n\nCards are charged at night.\n", "docs/logo.md": "\0\0\0", "docs/none.md": "" },
  "acme/site": { "README.md": "# Site\n\nThe site of the shop.\n" },
  "acme/docs": { "campanile.yml": "version: 1\ninclude: docs\n" },
};
const lists = {
  "acme/shop": {
    pulls: [pull(1, "Charge cards at night"), pull(2, "Show the price")],
    issues: [issue(3, "The price is wrong"), issue(4, "The night is long"), issue(5, "Cards are refused")],
  },
};

let browser;
let server;
let github;
let ws;
let connection;

before(async () => {
  browser = await launch();
  const repositories = Object.keys(files).map((name, at) => repository(name, 100 + at));
  github = await startGithub({ repositories, answers: [filesOf(files), listsOf(lists)] });
  server = await start("sqlite", { CAMPANILE_CONNECTOR_GITHUB_API_URL: github.url, CAMPANILE_CONNECTOR_GITHUB_WEB_URL: github.url });
  ws = await workspace(server);
  const made = await api(server, "/api/connect/github/token", { method: "POST", body: JSON.stringify({ token: TOKEN }) });
  connection = made.body.id;
  const listed = async () => (await api(server, `/api/connections/${connection}/resources`)).body.data.length === 3;
  await until(listed, "the repositories are listed");
});

after(async () => {
  await browser?.close();
  await server?.stop();
  github?.stop();
});

const within = (path) => `${server.url}/w/${ws}${path}`;
const link = async (...ids) => {
  const resources = ids.map((provider_id) => ({ kind: "repository", provider_id }));
  const linked = await api(server, `/api/workspaces/${ws}/sources`, { method: "POST", body: JSON.stringify({ connection, resources }) });
  assert.equal(linked.status, 201, JSON.stringify(linked.body));
  return linked.body.data.map(({ id }) => id);
};

async function signedIn(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  return page;
}

test("documents of a linked repository: its configuration, what each sync found, and a sync by hand", async () => {
  const page = await signedIn();
  const [shop] = await link("100");
  await page.goto(within(`/integrations/${connection}`));
  const linked = page.getByRole("list", { name: "Linked" });
  await linked.getByText("Configured in campanile.yml").waitFor({ timeout: 45_000 });
  await linked.getByText("1 document", { exact: true }).waitFor({ timeout: 45_000 });
  await page.goto(within(`/integrations/${shop}`));
  await page.getByRole("tab", { name: "Documents" }).click();
  const syncs = page.getByRole("list", { name: "Syncs" });
  await syncs.getByText("All documents, after it was linked").waitFor();
  await syncs.getByText("Complete", { exact: true }).waitFor();
  await syncs.getByText(/1 stored · 1 new passage/).waitFor();
  await syncs.getByText(/In no document: .*1 without text/).waitFor();
  await check(page, "documents-configured");
  await page.getByRole("button", { name: "Sync now" }).click();
  await syncs.getByText("All documents, asked for by somebody").waitFor();
  await syncs.getByText(/\d unchanged/).waitFor();
  await page.getByRole("button", { name: "Look again" }).click();
  await page.getByText("Configured in campanile.yml").nth(1).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a repository without a configuration is told what is read, and a fault of one names its line", async () => {
  const page = await signedIn();
  const [site, docs] = await link("101", "102");
  await page.goto(within(`/integrations/${site}?tab=documents`));
  await page.getByText("No configuration", { exact: true }).waitFor();
  await page.getByText(/Without a file at the root, these are read/).waitFor();
  await check(page, "documents-default");
  await page.goto(within(`/integrations/${docs}?tab=documents`));
  await page.getByText("Fault in campanile.yml").waitFor();
  await page.getByRole("alert").getByText(/line 2/).waitFor();
  await check(page, "documents-invalid");
  await page.goto(within(`/integrations/${connection}`));
  await page.getByRole("button", { name: "Unlink acme/site from default" }).click();
  const question = page.getByRole("alertdialog", { name: "Unlink acme/site from default?" });
  await question.getByLabel("Delete its documents too").check();
  await check(page, "unlink-documents");
  await question.getByRole("button", { name: "Unlink it" }).click();
  const stored = async () => (await api(server, `/api/documents?workspace=${ws}`)).body.data.map(({ title }) => title);
  await until(async () => !(await stored()).includes("Site"), "its documents are deleted");
  assert.ok((await stored()).includes("Payments"), "and no others");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("history that came along is no delivery of a webhook", async () => {
  const page = await signedIn();
  const shop = (await api(server, `/api/sources?workspace=${ws}`)).body.data.find(({ resource }) => resource?.name === "acme/shop");
  const pulled = async () => (await api(server, `/api/deliveries?source=${shop.id}&status=processed`)).body.data.length > 1;
  await until(pulled, "its history came along", 60_000);
  await page.goto(within("/integrations"));
  const card = page.getByRole("list", { name: "Sources", exact: true }).getByRole("link", { name: /acme\/shop/ });
  await card.getByText("linked", { exact: true }).waitFor();
  await card.getByText(/^History came along/).waitFor();
  await card.click();
  await page.getByRole("region", { name: "Latest deliveries" }).getByText("History: pull request").waitFor();
  await page.getByRole("region", { name: "About" }).getByRole("link", { name: "octocat" }).waitFor();
  await check(page, "linked-source");
  await page.getByRole("tab", { name: "Set-up" }).click();
  await page.getByText("History and documents are read without a webhook.").waitFor();
  await page.getByText("Waiting for the first delivery").waitFor();
  await check(page, "linked-set-up");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("history comes along by itself, waits for GitHub's limit, is cancelled, and is asked for with its size", async () => {
  const page = await signedIn();
  await page.goto(within(`/integrations/${connection}`));
  const history = page.getByRole("list", { name: "History" });
  const first = history.getByRole("listitem").filter({ hasText: "by itself" }).last();
  await first.getByText("Complete", { exact: true }).waitFor({ timeout: 60_000 });
  await first.locator("summary").click();
  await first.getByText(/Pull requests of acme\/shop/).waitFor();
  await first.getByText(/4 events · 1 page · 4 new/).waitFor();
  await first.getByText(/Issues of acme\/shop · 3 events · 1 page · 3 new/).waitFor();
  await first.getByText(/Releases of acme\/shop · nothing was there/).waitFor();
  await check(page, "history-complete");

  await page.getByRole("button", { name: "Bring history along" }).click();
  const dialog = page.getByRole("dialog", { name: "Bring history along" });
  await dialog.getByLabel("Pull requests").waitFor();
  await dialog.getByLabel("Releases").uncheck();
  await dialog.getByRole("button", { name: "90 days" }).click();
  await dialog.getByRole("status").getByText(/^About 3 things in \d+ parts, and \d+ more whose number GitHub does not tell\.$/).waitFor();
  await check(page, "history-dialog");
  github.limitedUntil = Date.now() + 3_600_000;
  await dialog.getByRole("button", { name: "Bring it along" }).click();
  const newest = history.getByRole("listitem").first();
  await newest.getByText("The last 90 days").waitFor();
  await newest.getByText(/waits for GitHub until/).first().waitFor({ timeout: 60_000 });
  assert.equal(await newest.getByText("Releases of acme/shop").count(), 0, "only what was chosen");
  await check(page, "history-waits");
  await newest.getByRole("button", { name: "Cancel it" }).click();
  await page.getByRole("alertdialog", { name: "Stop bringing history along?" }).getByRole("button", { name: "Stop it" }).click();
  await newest.getByText("Cancelled", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Bring history along" }).click();
  await dialog.getByText(/An hour has to pass between two: the next one can begin at/).waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Bring it along" }).isDisabled());
  await check(page, "history-next");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

for (const [theme, width] of [["light", 1280], ["dark", 1280], ["light", 390], ["dark", 390]]) {
  test(`the pages of linked repositories fit and can be read, ${theme} and ${width} wide`, async () => {
    const page = await signedIn({ viewport: { width, height: 2_000 }, colorScheme: theme });
    const sources = (await api(server, `/api/sources?workspace=${ws}`)).body.data;
    const { id } = sources.find(({ resource }) => resource?.name === "acme/shop");
    const pages = [
      ["linked-connection", `/integrations/${connection}`, () => page.getByRole("list", { name: "Parts" }).getByRole("listitem")],
      ["linked-documents", `/integrations/${id}?tab=documents`, () => page.getByRole("list", { name: "Syncs" }).getByRole("listitem")],
    ];
    for (const [name, path, shown] of pages) {
      await page.goto(within(path));
      await shown().first().waitFor();
      await check(page, `${name}-${theme}-${width}`);
    }
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}
