// The page of documents in a real browser: adding by file and by paste, reading, finding, replacing and deleting.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let ws;

const FILLER = "The operators keep a list of what was done and when. ".repeat(6);
const RUNBOOK = `---
tags: [ops, on-call]
description: What to do when the shop is down.
---
# Runbook

${FILLER}

## Rollback 🔔

Run \`bell undo\` and wait for the **zeppelin**. ${FILLER}

| step | who |
|---|---|
| undo | ada |
| wait | bob |

## Restore

Take the newest copy of the database. ${FILLER}
`;

before(async () => {
  browser = await launch();
  server = await start("sqlite");
  ws = await workspace(server);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const within = (path) => `${server.url}/w/${ws}${path}`;
const add = (documents) => api(server, "/api/documents", { method: "POST", body: JSON.stringify({ documents }) });

async function signedIn(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  return page;
}

test("an empty page says what to do; files are added, and those that are no text are told", async () => {
  const page = await signedIn();
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await page.getByRole("heading", { name: "No documents yet" }).waitFor();
  await check(page, "documents-empty");
  await page.getByRole("button", { name: "Add documents" }).click();
  const dialog = page.getByRole("dialog", { name: "Add documents" });
  await dialog.getByLabel("Files").setInputFiles([
    { name: "runbook.md", mimeType: "text/markdown", buffer: Buffer.from(RUNBOOK) },
    { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("Plain notes about the gateway.") },
    { name: "picture.md", mimeType: "text/markdown", buffer: Buffer.from([0x89, 0x50, 0xff, 0xfe]) },
  ]);
  await dialog.getByLabel("Folder").fill("docs/ops");
  await check(page, "documents-add");
  await dialog.getByRole("button", { name: "Add 3 documents" }).click();
  await dialog.getByText("2 documents added. 1 document not added:").waitFor();
  await dialog.getByText("is no UTF-8 text").waitFor();
  await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
  const table = page.getByRole("grid", { name: "Documents" });
  await table.getByText("docs/ops/runbook.md").waitFor();
  await table.getByText("docs/ops/notes.txt").waitFor();
  await check(page, "documents");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a text that is pasted is shown with its passages, and one that is wrong says why", async () => {
  const page = await signedIn();
  await page.goto(within("/documents?add=1"));
  const dialog = page.getByRole("dialog", { name: "Add documents" });
  await dialog.getByText("Paste a text").click();
  await dialog.getByLabel("Path").fill("docs/hello.md");
  await dialog.getByLabel("Text").fill(" ");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await dialog.getByText("content must not be empty").waitFor();
  await dialog.getByLabel("Text").fill("# Hello bell\n\nThe first document.");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("heading", { name: "Hello bell", level: 1 }).waitFor();
  await page.getByRole("region", { name: /^Passage \d+/ }).getByText("The first document.").waitFor();
  assert.match(page.url(), /\/documents\/doc_/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("search finds the passage under its headings, and leads to it", async () => {
  const page = await signedIn();
  await page.goto(within("/search?q=zeppelin"));
  const result = page.getByRole("list", { name: "Results" }).getByRole("button", { name: /Runbook › Rollback/ });
  await result.waitFor();
  assert.deepEqual(await result.locator("mark").allTextContents(), ["zeppelin"]);
  await check(page, "search-documents");
  await result.click();
  const panel = page.getByRole("complementary", { name: "Runbook" });
  await panel.locator("[aria-current=location]").getByText("zeppelin").waitFor();
  await check(page, "search-document-panel");
  await page.keyboard.press("o");
  await page.getByRole("heading", { name: "Runbook", level: 1 }).waitFor();
  assert.match(page.url(), /\/documents\/doc_\w+\?passage=\d+$/);
  const marked = page.locator("[aria-current=location]");
  await marked.getByText("zeppelin").waitFor();
  await until(() => marked.evaluate((it) => it.getBoundingClientRect().top < innerHeight), "it is in view");
  await check(page, "document");
  await page.goto(within("/search?q=gateway&kind=chunk&document=docs/ops"));
  await page.getByRole("list", { name: "Results" }).getByRole("button", { name: /Notes/ }).waitFor();
  await page.goto(within("/search?q=gateway&kind=observation"));
  await page.getByRole("heading", { name: /Nothing fits/ }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a document is replaced and deleted, and others are told at once", async () => {
  const page = await signedIn();
  const other = await signedIn();
  await other.goto(within("/documents?title=runbook"));
  const table = other.getByRole("grid", { name: "Documents" });
  await table.getByText("docs/ops/runbook.md").click();
  await other.getByRole("heading", { name: "Runbook", level: 1 }).waitFor();
  const path = new URL(other.url()).pathname;
  await page.goto(server.url + path);
  await page.getByRole("button", { name: "Replace" }).click();
  const dialog = page.getByRole("dialog", { name: "Replace the document" });
  const text = await dialog.getByLabel("Text", { exact: true }).inputValue();
  assert.ok(text.startsWith("# Runbook"), "without its front matter");
  await dialog.getByLabel("Text", { exact: true }).fill(text.replace("newest copy", "oldest parchment"));
  await check(page, "document-replace");
  await dialog.getByRole("button", { name: "Replace", exact: true }).click();
  await page.getByText("Replaced: 1 passage new, 1 gone").waitFor();
  await page.getByText("oldest parchment").waitFor();
  await other.getByText("oldest parchment").waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete the document" }).click();
  await page.getByRole("heading", { name: "Documents", level: 1 }).waitFor();
  await page.goto(within("/search?q=parchment"));
  await page.getByRole("heading", { name: /Nothing fits/ }).waitFor();
  await page.goto(within("/activity"));
  await page.getByText("Deleted a document").first().waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
  await other.context().close();
});

test("a long document is shown in parts, up to the passage that is linked to", async () => {
  const sections = Array.from({ length: 200 }, (_, n) => `## Part ${n}\n\nPart number ${n} of it. ${FILLER}\n`);
  const { body } = await add([{ path: "long.md", content: sections.join("\n") }]);
  const { document } = body.data[0];
  const { body: detail } = await api(server, `/api/documents/${document.id}`);
  const page = await signedIn();
  await page.goto(within(`/documents/${document.id}?passage=${detail.chunks[150].no}`));
  await page.locator("[aria-current=location]").getByText("Part number 150 of it.").waitFor();
  await page.getByRole("button", { name: "Show more of 200 passages" }).waitFor();
  await page.goto(within(`/documents/${document.id}?passage=999999`));
  await page.getByText("The passage that was linked to is not in this document any more.").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("on a phone and in the dark it fits as well", async () => {
  await add([{ path: "docs/ops/runbook.md", content: RUNBOOK }]);
  const page = await signedIn({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  await page.goto(within("/documents"));
  const row = page.getByText("docs/ops/runbook.md");
  await row.waitFor();
  await check(page, "documents-phone-dark");
  await row.click();
  await page.getByRole("heading", { name: "Runbook", level: 1 }).waitFor();
  await page.getByText("zeppelin").waitFor();
  await check(page, "document-phone-dark");
  await page.goto(within("/documents?add=1"));
  await page.getByRole("dialog", { name: "Add documents" }).waitFor();
  await check(page, "documents-add-phone-dark");
  await page.goto(within("/search?q=zeppelin"));
  await page.getByRole("list", { name: "Results" }).getByRole("button", { name: /Runbook/ }).waitFor();
  await check(page, "search-documents-phone-dark");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("staff read documents and are offered nothing to change", async () => {
  const password = "correct horse battery staple";
  const made = await api(server, "/api/members", { method: "POST", body: JSON.stringify({ email: "staff@example.com", role: "staff", password }) });
  assert.equal(made.status, 201);
  const page = await openPage(browser);
  await page.goto(server.url);
  await page.getByLabel("Mail address").fill("staff@example.com");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(/\/w\/|password/);
  const skip = page.getByRole("button", { name: /later|skip|keep/i });
  if (await skip.count()) await skip.first().click();
  await page.goto(within("/documents"));
  await page.getByText("docs/ops/notes.txt").waitFor();
  assert.equal(await page.getByRole("button", { name: "Add documents" }).count(), 0);
  await page.getByText("docs/ops/notes.txt").click();
  await page.getByRole("heading", { name: "Notes", level: 1 }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Delete" }).count(), 0);
  assert.equal(await page.getByRole("button", { name: "Replace" }).count(), 0);
  await page.context().close();
});
