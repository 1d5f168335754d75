// What strangers write is shown, and never run: in the text of an observation, in its title, and in an address.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, signIn } from "./browser.mjs";
import { api, deliver, release, start, until } from "./harness.mjs";

let browser;
let server;

before(async () => {
  browser = await launch();
  server = await start("sqlite");
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const BODY = `# Heading

<script>window.hacked = "script"</script>
<img src="x" onerror="window.hacked = 'image'">
<a href="javascript:window.hacked='link'">Click me</a>
[And me](javascript:window.hacked='markdown')
<iframe srcdoc="<script>parent.hacked='frame'</script>"></iframe>
<form action="https://evil.example.com"><input name="password"><button>Sign in</button></form>
<style>body { display: none }</style>

[Elsewhere](https://example.com/notes)`;

test("the text of an observation is Markdown without anything that runs", async () => {
  const payload = release("6.6");
  payload.release.name = "<img src=x onerror=\"window.hacked='title'\"> Version 6.6";
  payload.release.body = BODY;
  await deliver(server, "release", payload);
  const found = await until(async () => (await api(server, "/api/observations")).body.data[0], "it is remembered");
  const page = await open(browser);
  await signIn(page, server);
  await page.goto(`${server.url}/observations/${found.id}`);
  const elsewhere = page.getByRole("link", { name: "Elsewhere" });
  await elsewhere.waitFor();
  assert.equal(await elsewhere.getAttribute("rel"), "noopener noreferrer");
  assert.equal(await elsewhere.getAttribute("target"), "_blank");
  const main = page.locator("main");
  assert.equal(await main.locator("iframe, form, style, script, [onerror], a[href^='javascript']").count(), 0);
  for (const words of ["Click me", "And me"]) await main.getByText(words).first().click({ trial: false, noWaitAfter: true });
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.ok(await main.isVisible());
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, "its headings are below that of the page");
  await page.context().close();
});

test("after signing in one comes to a page of ours and to no other", async () => {
  for (const next of ["//evil.example.com/", "https://evil.example.com/", "/\\evil.example.com", "javascript:alert(1)"]) {
    const page = await open(browser);
    await page.goto(`${server.url}/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByLabel("Mail address").fill("owner@example.com");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
    assert.equal(new URL(page.url()).origin, server.url, next);
    await page.context().close();
  }
});
