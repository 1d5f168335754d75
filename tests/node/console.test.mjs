// The console in a real browser: signing in, the first delivery, watching, following an observation, the bell.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn, tabTo } from "./browser.mjs";
import { api, deliver, OWNER, pullRequest, receiver, release, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let target;
let ws;

before(async () => {
  browser = await launch();
  server = await start("sqlite");
  target = await receiver();
  ws = await workspace(server);
  await api(server, `/api/v1/app/${ws}/endpoint`, { method: "POST", body: JSON.stringify({ url: target.url, description: "Billing" }) });
});

after(async () => {
  await browser?.close();
  target?.stop();
  await server?.stop();
});

const open = (options) => openPage(browser, options);
const within = (path) => `${server.url}/w/${ws}${path}`;

test("the one-time link signs in once, and asks nobody for a password who has one", async () => {
  const link = await until(server.signInLink, "the first start prints a link");
  const page = await open();
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in with this link" }).waitFor();
  assert.equal(await page.getByLabel("Password").count(), 0, "one way in is offered loudly");
  await check(page, "sign-in-link");
  await page.getByRole("button", { name: "Sign in with this link" }).click();
  await page.getByRole("heading", { name: "Home", exact: true }).waitFor();
  await page.goto(within("/first-run"));
  await page.getByRole("heading", { name: "Welcome to Campanile" }).waitFor();
  await check(page, "first-run");
  await page.goto(within("/home"));
  await page.getByRole("heading", { name: "Home", exact: true }).waitFor();
  await page.getByRole("button", { name: OWNER.email }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Campanile" }).waitFor();
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in with this link" }).click();
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").textContent(), /used already/);
  assert.equal(await page.getByRole("button", { name: "Sign in with this link" }).count(), 0, "a used link is not offered again");
  await page.getByLabel("Password").waitFor();
  await check(page, "sign-in-link-used");
  await page.context().close();
});

test("a wrong password is refused in words, and a way in without one is told", async () => {
  const page = await open();
  await page.goto(server.url);
  await page.getByLabel("Mail address").fill(OWNER.email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.match(await page.getByRole("alert").textContent(), /wrong/);
  await page.getByText("No password, or forgotten?").click();
  await page.getByText("campanile admin sign-in-link").waitFor();
  await page.context().close();
});

test("what happens appears without a reload, rings the bell and can be followed", async () => {
  const page = await open();
  await signIn(page, server);
  assert.equal(await page.getByTestId("unread").count(), 0);
  await page.evaluate(() => (window.stayed = true));

  await deliver(server, "release", release("1.0"));
  await page.getByRole("region", { name: "Significant observations" }).getByText("Version 1.0").waitFor();
  await page.getByRole("region", { name: "Deliveries" }).getByText("GitHub release").waitFor();
  await page.getByRole("region", { name: "Notifications" }).getByText(/Version 1\.0/).first().waitFor();
  await page.getByRole("region", { name: "Webhook attempts" }).getByText("success").first().waitFor();
  await page.getByTestId("unread").getByText("1").waitFor();
  assert.equal(await page.evaluate(() => window.stayed), true, "the page was not loaded again");

  await page.getByRole("link", { name: "Observations", exact: true }).click();
  const list = page.getByRole("grid", { name: "Observations" });
  await list.getByText("Version 1.0").waitFor();
  await deliver(server, "pull_request", pullRequest(12, "Fix the bell"));
  await deliver(server, "pull_request", pullRequest(12, "Fix the bell", "closed", "Fixes #11"));
  await page.getByRole("button", { name: "2 new" }).click();
  await list.getByRole("row").filter({ hasText: "PR Closed" }).click();
  const panel = page.getByRole("complementary", { name: "Fix the bell" });
  await panel.getByText("Same commit").first().waitFor();
  await panel.getByRole("button", { name: "Open as a page" }).click();
  await page.getByRole("heading", { name: "Fix the bell", level: 1 }).waitFor();
  const related = page.getByRole("region", { name: "Related" });
  await related.getByText("Both belong to commit a1b2c3d.").first().waitFor();
  await related.getByRole("link", { name: /PR Opened/ }).first().click();
  await page.getByText("pull_request.opened").waitFor();

  await page.getByRole("button", { name: "Notifications, 1 unread" }).click();
  await page.getByRole("dialog", { name: "Notifications" }).getByText(/Version 1\.0/).first().click();
  await page.getByRole("heading", { name: "Version 1.0", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Notifications, 0 unread" }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("an observation shows its text, its graph, and what it caused", async () => {
  const page = await open();
  await signIn(page, server);
  const { body } = await api(server, "/api/observations?type=release");
  await page.goto(within(`/observations/${body.data[0].id}`));
  await page.getByRole("region", { name: "Text" }).getByText("A security fix.").waitFor();
  assert.match(await page.title(), /^Version 1\.0 · /);
  await page.getByRole("tab", { name: "What it caused" }).click();
  await page.getByRole("region", { name: "Webhook messages" }).getByText("Billing").waitFor();
  await page.getByRole("region", { name: "Notifications" }).getByText("In the app").waitFor();
  await page.getByRole("region", { name: "Delivery", exact: true }).getByText(/^release/).waitFor();
  assert.match(page.url(), /tab=effects/);
  await page.getByRole("tab", { name: "Data" }).click();
  await page.getByRole("region", { name: "Metadata" }).first().getByText("deliveryId").waitFor();
  const closed = await api(server, "/api/observations?type=pull_request");
  await page.goto(within(`/observations/${closed.body.data[0].id}?tab=graph`));
  await page.getByText(/2 observations, 1 edge/).waitFor();
  await page.getByRole("tab", { name: "Conversation" }).click();
  const thread = page.getByRole("region", { name: "Fix the bell" });
  await thread.getByText("Pull request acme/shop#12 by ada").waitFor();
  await thread.getByText("Fixes #11").last().waitFor();
  assert.equal(await thread.getByRole("listitem").count(), 2, "it was opened and closed");
  await check(page, "conversation");
  await page.goto(within("/observations?view=timeline&type=release"));
  await page.getByRole("region", { name: "Timeline" }).getByText("Version 1.0").click();
  await page.getByRole("complementary", { name: "Version 1.0" }).waitFor();
  assert.match(page.url(), /open=obs_/);
  await page.goBack();
  await until(async () => (await page.getByRole("complementary", { name: "Version 1.0" }).count()) === 0, "back closes the panel");
  await page.keyboard.press("j");
  await page.waitForFunction(() => document.activeElement?.dataset.row?.startsWith("obs_"));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a source is added, waits for its first delivery and turns green, by keyboard alone", async () => {
  const page = await open();
  await signIn(page, server);
  await page.locator("body").click({ position: { x: 700, y: 60 } });
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.getByRole("heading", { name: "Integrations", exact: true }).waitFor();
  await tabTo(page, page.getByRole("button", { name: "Add GitHub" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByLabel("Path"));
  await page.keyboard.type("by-keyboard");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Connect GitHub" }).waitFor();
  await page.getByText("Waiting for the first delivery").waitFor();
  await check(page, "connect");
  await tabTo(page, page.getByRole("button", { name: "Send a sample delivery" }));
  await page.keyboard.press("Enter");
  await page.getByText("Connected: a delivery arrived, and its signature is right").waitFor();
  await tabTo(page, page.getByRole("button", { name: "Done" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "GitHub /by-keyboard" }).waitFor();
  await page.getByRole("region", { name: "Latest deliveries" }).getByText("release").waitFor();
  await check(page, "source");
  const arrived = await api(server, "/api/observations?type=release&limit=1");
  assert.equal(arrived.body.data[0].title, "[Release Published] Sample release", "the sample became an observation");
  await until(() => target.received.some(({ body }) => body.includes("Sample release")), "and a webhook");
  await until(async () => (await api(server, "/api/notifications")).body.data.length >= 2, "and a notification");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a secret is replaced with the old one valid for a day, and a source is removed after a question", async () => {
  const page = await open();
  await signIn(page, server);
  const sources = await api(server, "/api/sources");
  const source = sources.body.data.find(({ path }) => path === "by-keyboard");
  await page.goto(within(`/integrations/${source.id}`));
  await page.getByRole("button", { name: "Rotate the secret" }).click();
  await page.getByRole("button", { name: "Rotate", exact: true }).click();
  await page.getByRole("dialog", { name: "The secret is replaced" }).waitFor();
  await check(page, "rotated");
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("Two secrets valid").waitFor();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText(/past deliveries and all observations stay/).waitFor();
  await page.getByRole("button", { name: "Remove the source" }).click();
  await page.getByRole("heading", { name: "Integrations", exact: true }).waitFor();
  await until(async () => (await page.getByText("/by-keyboard").count()) === 0, "it is gone from the list");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("deliveries tell why they were skipped, show what came, and are processed again together", async () => {
  const page = await open();
  await signIn(page, server);
  await deliver(server, "star", { action: "created", repository: { id: 1, full_name: "acme/shop" }, sender: { id: 7, login: "ada" } });
  await page.goto(within("/deliveries?status=skipped"));
  const row = page.getByRole("row").filter({ hasText: "star" });
  await row.getByText("star events are not remembered").waitFor();
  await row.click();
  const panel = page.getByRole("complementary", { name: "star" });
  await panel.getByText("by its header x-hub-signature-256").waitFor();
  await panel.getByRole("region", { name: "Headers" }).first().getByText("x-github-event").waitFor();
  await panel.getByRole("button", { name: "Process again" }).click();
  await page.getByText("It is processed again").waitFor();
  await check(page, "delivery");
  await panel.getByRole("button", { name: "Close" }).click();
  await row.getByRole("checkbox").click();
  await page.getByRole("toolbar", { name: "Chosen rows" }).getByRole("button", { name: "Process again" }).click();
  await until(async () => (await page.getByRole("toolbar", { name: "Chosen rows" }).count()) === 0, "the choice is cleared");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

for (const theme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`the pages are readable and fit, ${theme} at ${width} px`, async () => {
      const page = await open({ viewport: { width, height: 844 }, colorScheme: theme, reducedMotion: "reduce" });
      const { body } = await api(server, "/api/observations?type=pull_request.closed");
      const { id } = body.data[0];
      const source = (await api(server, "/api/sources")).body.data[0].id;
      await page.goto(server.url);
      await page.getByRole("heading", { name: "Sign in to Campanile" }).waitFor();
      await check(page, `sign-in-${theme}-${width}`);
      await signIn(page, server);
      await page.getByText("Version 1.0").first().waitFor();
      await check(page, `home-${theme}-${width}`);
      await page.getByRole("button", { name: /^Notifications/ }).click();
      await page.getByRole("heading", { name: "Notifications" }).last().waitFor();
      await check(page, `bell-${theme}-${width}`);
      await page.keyboard.press("Escape");
      const pages = [
        ["observations", "/observations", () => page.getByText("Version 1.0").first()],
        ["timeline", "/observations?view=timeline", () => page.getByText("Version 1.0").first()],
        ["observation-panel", `/observations?open=${id}`, () => page.getByText("Same commit").first()],
        ["observation", `/observations/${id}`, () => page.getByText("Same commit").first()],
        ["graph", `/observations/${id}?tab=graph`, () => page.getByText(/2 observations/)],
        ["effects", `/observations/${id}?tab=effects`, () => page.getByText("Billing")],
        ["data", `/observations/${id}?tab=data`, () => page.getByText("deliveryId").first()],
        ["deliveries", "/deliveries", () => page.getByText("release").first()],
        ["integrations", "/integrations", () => page.getByText("/vercel").first()],
        ["add-source", "/integrations?add=linear", () => page.getByRole("dialog", { name: "Add Linear" })],
        ["source", `/integrations/${source}`, () => page.getByText("Latest deliveries")],
        ["source-set-up", `/integrations/${source}?tab=set-up`, () => page.getByText("Payload URL:")],
        ["first-run", "/first-run", () => page.getByRole("heading", { name: "Public address" })],
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
