// The console in a real browser: signing in, watching, following an observation, the bell.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, picture, signIn } from "./browser.mjs";
import { deliver, OWNER, pullRequest, receiver, release, start, until, workspace, api } from "./harness.mjs";

let browser;
let server;
let target;

before(async () => {
  browser = await launch();
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

const open = (options) => openPage(browser, options);

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
  await signIn(page, server);
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
  await page.getByRole("button", { name: /^\[Release Published\] Version 1\.0/ }).click();
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
      await signIn(page, server);
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

test("the console is served with a strict policy, and unknown files are not its page", async () => {
  const page = await fetch(server.url);
  assert.match(page.headers.get("content-security-policy"), /default-src 'self'/);
  assert.equal(page.headers.get("cache-control"), "no-cache");
  assert.equal((await fetch(`${server.url}/assets/nothing.js`)).status, 404);
  const visit = { headers: { accept: "text/html,application/xhtml+xml" } };
  assert.equal((await fetch(`${server.url}/observations/obs_1`, visit)).status, 200);
  assert.equal((await fetch(`${server.url}/observations/obs_1`)).status, 404, "only who goes somewhere is shown a page");
  const portal = await fetch(`${server.url}/portal/endpoints/new`);
  assert.match(portal.headers.get("content-security-policy"), /frame-ancestors \*/);
  assert.match(await portal.text(), /portal-/);
});
