// The pages of people and entities in a real browser: finding, joining, splitting, and going from an observation to what it names.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, deliver, pullRequest, SECRET, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let ws;

const HOUR = 3_600_000;
const within = (path) => `${server.url}/w/${ws}${path}`;

before(async () => {
  browser = await launch();
  server = await start("sqlite");
  ws = await workspace(server);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function signedIn(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  return page;
}

async function deliverIssue(actor, number, at) {
  const body = JSON.stringify({
    type: "Issue",
    action: "update",
    createdAt: at,
    organizationId: "o1",
    actor,
    data: {
      id: `i${number}`,
      identifier: `ENG-${number}`,
      title: `Checkout times out, part ${number}`,
      updatedAt: at,
      description: "The setting PAYMENT_TIMEOUT of POST /api/checkout is too low.",
      state: { name: "Todo" },
      team: { key: "ENG", name: "Engineering" },
    },
  });
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  const headers = { "content-type": "application/json", "linear-signature": signature };
  const response = await fetch(`${server.url}/api/ingest/linear/linear`, { method: "POST", headers, body });
  assert.equal(response.status, 200, await response.text());
}

/** Three weeks of changes by Ada and Ben, and issues of somebody who may be Ada. */
async function observed() {
  const now = Date.now();
  for (let number = 1; number <= 24; number++) {
    const change = pullRequest(number, `Change ${number} of ENG-${number % 3}`, "opened", "See PAYMENT_TIMEOUT in src/checkout/pay.rs");
    const at = new Date(now - ((number * 31) % 500) * HOUR).toISOString();
    change.pull_request.updated_at = at;
    change.pull_request.created_at = at;
    if (number % 4 === 0) {
      change.sender = { id: 9, login: "ben-at-work" };
      change.pull_request.user = change.sender;
    }
    await deliver(server, "pull_request", change);
  }
  for (let number = 1; number <= 3; number++) {
    const at = new Date(now - number * 26 * HOUR).toISOString();
    await deliverIssue({ id: "u1", name: "Ada", email: "ada@acme.example" }, number, at);
    await deliverIssue({ id: "u2", name: "Grace Hopper", email: "owner@example.com" }, number + 10, at);
  }
  await until(async () => (await api(server, "/api/observations?limit=200")).body.data.length === 30, "all is remembered");
}

const table = (page) => page.getByRole("grid", { name: "People" });

test("nobody is there before anything happened", async () => {
  const page = await signedIn();
  await page.keyboard.press("g");
  await page.keyboard.press("v");
  await page.getByRole("heading", { name: "Nobody has done anything yet" }).waitFor();
  await check(page, "people-empty");
  await observed();
  await table(page).getByText("ben-at-work").waitFor();
  await check(page, "people");
  await page.getByRole("searchbox", { name: "Search people" }).fill("hopper");
  await table(page).getByText("Grace Hopper").waitFor();
  await until(async () => (await table(page).getByText("ben-at-work").count()) === 0, "the others are left out");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a suggestion is taken, and the accounts are one person until one is split off", async () => {
  const page = await signedIn();
  await page.goto(within("/people/github%3A7"));
  await page.getByRole("heading", { name: "ada", level: 1 }).waitFor();
  const alike = page.getByRole("region", { name: "The same person?" });
  await alike.getByText("The same name or handle: ada").waitFor();
  await check(page, "person");
  await alike.getByRole("button", { name: "Join" }).click();
  const accounts = page.getByRole("region", { name: "Accounts" });
  await accounts.getByText("joined by hand").waitFor();
  await alike.getByText("Nobody else looks like the same person.").waitFor();
  await page.getByRole("img", { name: "21 observations by weekday and hour" }).waitFor();
  await check(page, "person-joined");
  await page.goto(within("/observations?actor=ada@acme.example"));
  await until(async () => (await page.getByRole("grid", { name: "Observations" }).getByRole("row").count()) > 20, "all accounts are found");
  await page.goto(within("/people/linear%3Au1"));
  await page.getByRole("button", { name: "Split off Ada of Linear" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Split off" }).click();
  await until(async () => (await accounts.getByRole("listitem").count()) === 1, "one account is left");
  await page.goto(within("/activity"));
  await page.getByText("Split a person").first().waitFor();
  await page.getByText("Joined people").first().waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("somebody is found and joined by hand, with the member whose address it is", async () => {
  const page = await signedIn();
  await page.goto(within("/people/linear%3Au2"));
  const accounts = page.getByRole("region", { name: "Accounts" });
  await accounts.getByText("Campanile", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Join with another person" }).click();
  const dialog = page.getByRole("dialog", { name: "Who else is Grace Hopper?" });
  await dialog.getByLabel("Find a person").fill("ben");
  await dialog.getByText("ben-at-work").waitFor();
  await check(page, "person-join");
  await dialog.getByRole("button", { name: "Join ben-at-work" }).click();
  await accounts.getByText("ben-at-work").waitFor();
  await page.getByRole("button", { name: /^Split off .* of Campanile$/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Split off" }).click();
  await until(async () => (await accounts.getByText("Campanile", { exact: true }).count()) === 0, "the member is somebody else");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("one account is joined alone, and the others of its person stay", async () => {
  const page = await signedIn();
  await page.goto(within("/people/github%3A7"));
  const accounts = page.getByRole("region", { name: "Accounts" });
  await accounts.getByText("joined by hand").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Join with another person" }).click();
  const dialog = page.getByRole("dialog", { name: "Who else is ada?" });
  await dialog.getByLabel("Find a person").fill("hopper");
  await dialog.getByRole("button", { name: "One account of Grace Hopper" }).click();
  const others = dialog.getByRole("list", { name: "Accounts of Grace Hopper" });
  await others.getByText("ben-at-work").waitFor();
  await check(page, "person-join-account");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "dark" });
  await check(page, "person-join-account-phone");
  await others.getByRole("button", { name: "Join ben-at-work of GitHub alone" }).click();
  await accounts.getByText("ben-at-work").waitFor();
  await page.goto(within("/people/linear%3Au2"));
  await accounts.getByText("Grace Hopper").waitFor();
  assert.equal(await accounts.getByText("ben-at-work").count(), 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("an observation leads to what it names, and that to what is named with it", async () => {
  const page = await signedIn();
  await page.goto(within("/entities"));
  const entities = page.getByRole("grid", { name: "Entities" });
  await entities.getByText("PAYMENT_TIMEOUT").first().waitFor();
  await check(page, "entities");
  await page.getByRole("searchbox", { name: "Search the begin of names" }).fill("post");
  await entities.getByText("POST /api/checkout", { exact: true }).click();
  await page.getByRole("heading", { name: "POST /api/checkout", level: 1 }).waitFor();
  await page.getByRole("region", { name: "Named with it" }).getByText("PAYMENT_TIMEOUT").waitFor();
  await page.getByRole("region", { name: "Latest observations" }).getByText("Checkout times out, part 1").first().click();
  await page.getByRole("region", { name: "Entities" }).getByText("PAYMENT_TIMEOUT").click();
  await page.getByRole("heading", { name: "PAYMENT_TIMEOUT", level: 1 }).waitFor();
  await page.goto(within("/entities/project/eng-11"));
  await page.getByRole("region", { name: "States" }).getByText("Todo").waitFor();
  await check(page, "entity");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("all of it fits a phone in the dark", async () => {
  const page = await signedIn({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  for (const [path, name] of [
    ["/people", "people"],
    ["/people/github%3A7", "person"],
    ["/entities", "entities"],
    ["/entities/config/payment_timeout", "entity"],
  ]) {
    await page.goto(within(path));
    await page.getByRole("heading", { level: 1 }).waitFor();
    await until(async () => (await page.locator(".animate-pulse").count()) === 0, `${name} is read`);
    await check(page, `${name}-phone`);
  }
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
