// The console in a real browser: signing in, watching, following an observation, the bell.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { deliver, OWNER, pullRequest, receiver, release, start, until, workspace, api } from "./harness.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.CAMPANILE_TEST_PICTURES;
let browser;
let server;
let target;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CAMPANILE_TEST_CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  server = await start("sqlite");
  target = await receiver();
  const app = await workspace(server);
  await api(server, `/api/v1/app/${app}/endpoint`, { method: "POST", body: JSON.stringify({ url: target.url }) });
});

after(async () => {
  await browser?.close();
  target?.stop();
  await server?.stop();
});

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && !/401/.test(message.text()) && page.problems.push(message.text()));
  return page;
}

async function signIn(page) {
  await page.goto(server.url);
  await page.getByLabel("Mail address").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "What is happening" }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
}

async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}

test("the one-time link signs in once", async () => {
  const link = await until(server.signInLink, "the first start prints a link");
  const page = await open();
  await page.goto(link);
  await picture(page, "sign-in-link");
  await page.getByRole("button", { name: "Sign in with this link" }).click();
  await page.getByRole("heading", { name: "What is happening" }).waitFor();
  await page.getByRole("button", { name: /Sign out/ }).click();
  await page.getByRole("heading", { name: "Sign in to Campanile" }).waitFor();
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in with this link" }).click();
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").textContent(), /used already/);
  await page.context().close();
});

test("a wrong password is refused in words", async () => {
  const page = await open();
  await page.goto(server.url);
  await page.getByLabel("Mail address").fill(OWNER.email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.match(await page.getByRole("alert").textContent(), /wrong/);
  await page.context().close();
});

test("what happens appears without a reload, rings the bell and can be followed", async () => {
  const page = await open();
  await signIn(page);
  assert.equal(await page.getByTestId("unread").count(), 0);
  await page.evaluate(() => (window.stayed = true));

  await deliver(server, "release", release("1.0"));
  const observations = page.getByRole("region", { name: "Observations" });
  await observations.getByText("[Release Published] Version 1.0").waitFor();
  await page.getByRole("region", { name: "Deliveries" }).getByText("github release").waitFor();
  await page.getByRole("region", { name: "Notifications" }).getByText(/Version 1\.0/).first().waitFor();
  await page.getByRole("region", { name: "Webhook attempts" }).getByText("success").first().waitFor();
  await page.getByTestId("unread").getByText("1").waitFor();
  assert.equal(await page.evaluate(() => window.stayed), true, "the page was not loaded again");

  await deliver(server, "pull_request", pullRequest(12, "Fix the bell"));
  await deliver(server, "pull_request", pullRequest(12, "Fix the bell", "closed", "Fixes #11"));
  await observations.getByText("[PR Closed] Fix the bell").click();
  await page.getByRole("heading", { name: "[PR Closed] Fix the bell" }).waitFor();
  const tied = page.getByRole("region", { name: "Tied to" });
  await tied.getByText("same commit").waitFor();
  await tied.getByText("[PR Opened] Fix the bell").first().click();
  await page.getByRole("heading", { name: "[PR Opened] Fix the bell" }).waitFor();

  await page.getByRole("button", { name: "Notifications, 1 unread" }).click();
  await page.getByRole("button", { name: /Version 1\.0/ }).click();
  await page.getByRole("heading", { name: "[Release Published] Version 1.0" }).waitFor();
  await page.getByRole("button", { name: "Notifications, 0 unread" }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

for (const theme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`the pages are readable and fit, ${theme} at ${width} px`, async () => {
      const page = await open({ viewport: { width, height: 844 }, colorScheme: theme, reducedMotion: "reduce" });
      await page.goto(server.url);
      await page.getByRole("heading", { name: "Sign in to Campanile" }).waitFor();
      await check(page, `sign-in-${theme}-${width}`);
      await signIn(page);
      await page.getByText("Version 1.0").first().waitFor();
      await check(page, `live-${theme}-${width}`);
      await page.getByRole("button", { name: /^Notifications/ }).click();
      await page.getByRole("heading", { name: "Notifications" }).last().waitFor();
      await check(page, `bell-${theme}-${width}`);
      await page.keyboard.press("Escape");
      await page.getByRole("region", { name: "Observations" }).getByText("[PR Closed] Fix the bell").click();
      await page.getByRole("region", { name: "Tied to" }).getByText("same commit").waitFor();
      await check(page, `observation-${theme}-${width}`);
      await page.context().close();
    });
  }
}

async function check(page, name) {
  await picture(page, name);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(overflow, 0, `${name} is wider than the window`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }),
  );
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(found, [], name);
}

test("the console is served with a strict policy, and unknown files are not its page", async () => {
  const page = await fetch(server.url);
  assert.match(page.headers.get("content-security-policy"), /default-src 'self'/);
  assert.equal(page.headers.get("cache-control"), "no-cache");
  assert.equal((await fetch(`${server.url}/assets/nothing.js`)).status, 404);
  assert.equal((await fetch(`${server.url}/observations/obs_1`)).status, 200);
  assert.equal((await fetch(`${server.url}/portal/x`)).status, 404);
});
