// The console's frame in a real browser: which workspace is looked at, what an outage leaves behind, and what is asked of the server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { SECRET, api, deliver, pullRequest, release, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let ws;

before(async () => {
  browser = await launch();
  server = await start("sqlite");
  ws = await workspace(server);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function signedIn(prepare = () => undefined) {
  const page = await openPage(browser);
  prepare(page);
  await signIn(page, server);
  return page;
}

const post = async (path, body) => {
  const answer = await api(server, path, { method: "POST", body: JSON.stringify(body) });
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
  return answer.body;
};

test("every list is read once when the page opens", async () => {
  await deliver(server, "release", release("0.1"));
  // What becomes of it is news, for which lists are read again: all of it has happened before the page opens.
  const isTold = async () => {
    const list = async (path) => (await api(server, path)).body.data;
    const [deliveries, told] = [await list("/api/deliveries"), await list("/api/notifications")];
    return deliveries.every(({ status }) => status === "processed") && told.length > 0 && told.every(({ status }) => status !== "queued");
  };
  await until(isTold, "the release was told");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const asked = [];
  const page = await signedIn((page) =>
    page.on("request", (request) => {
      const { pathname, search } = new URL(request.url());
      asked.push(pathname + search);
    }),
  );
  await page.getByRole("region", { name: "Significant observations" }).getByText("Version 0.1").waitFor();
  await page.waitForTimeout(1_000);
  for (const list of ["observations", "deliveries", "notifications", "attempts"]) {
    const reads = asked.filter((one) => one.startsWith(`/api/${list}?`));
    assert.ok(reads.length > 0, `${list} are read`);
    assert.deepEqual(reads, [...new Set(reads)], `${list} are read once`);
  }
  assert.ok(asked.filter((path) => path.startsWith("/v1/users/") && path.includes("/feeds/in-app")).length <= 1, "the bell asks once");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("what is not allowed is asked for once", async () => {
  const page = await signedIn();
  let times = 0;
  await page.route("**/api/sources*", (route) => {
    times += 1;
    return route.fulfill({ status: 403, contentType: "application/json", body: JSON.stringify({ message: "your role does not allow this" }) });
  });
  await page.goto(`${server.url}/w/${ws}/integrations`);
  await page.getByRole("alert").getByText("your role does not allow this").waitFor({ timeout: 2_000 });
  assert.equal(await page.getByText("No source is connected to this workspace yet.").count(), 0);
  await page.waitForTimeout(2_500);
  assert.equal(times, 1);
  await page.context().close();
});

test("another workspace is looked at, and a link to what it has seen leads there", async () => {
  const { id } = await post("/api/workspaces", { name: "The other one" });
  await post("/api/sources", { provider: "github", path: "elsewhere", secret: SECRET, workspace: id });
  const page = await signedIn();
  const observations = page.getByRole("grid", { name: "Observations" });
  await page.getByRole("button", { name: "Workspace default" }).click();
  await page.getByRole("menuitem", { name: "The other one" }).click();
  await page.getByRole("button", { name: "Workspace The other one" }).waitFor();
  await page.getByText(/Nothing of significance 70 or more/).waitFor();
  await check(page, "workspaces");
  await page.setViewportSize({ width: 390, height: 800 });
  await check(page, "workspaces-390");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole("link", { name: "Observations", exact: true }).click();
  await page.getByText("Nothing has been observed yet").waitFor();
  await page.getByRole("figure", { name: "Send a sample delivery" }).getByText(`${server.url}/api/ingest/github/elsewhere`).waitFor();
  await check(page, "observations-empty");
  await deliver(server, "pull_request", pullRequest(7, "Only here"), undefined, "elsewhere");
  await observations.getByText("Only here").click();
  await page.getByRole("complementary", { name: "Only here" }).getByRole("button", { name: "Open as a page" }).click();
  await page.getByRole("heading", { name: "Only here", level: 1 }).waitFor();
  assert.ok(page.url().includes(`/w/${id}/`), "it stays from page to page");
  await page.getByRole("navigation", { name: "Path" }).getByRole("link", { name: "Observations" }).click();
  await observations.getByText("Only here").waitFor();
  await page.goto(`${server.url}/w/${ws}/observations`);
  await observations.getByText("Version 0.1").waitFor();
  assert.equal(await observations.getByText("Only here").count(), 0, "the first workspace has not seen it");
  const seen = await api(server, `/api/observations?workspace=${id}`);
  await page.goto(`${server.url}/observations/${seen.body.data[0].id}`);
  await page.getByRole("heading", { name: "Only here", level: 1 }).waitFor();
  await until(async () => page.url().includes(`/w/${id}/`), "what is around it is its own workspace");
  await page.goto(`${server.url}/w/ws_of_somebody/observations`);
  await page.getByRole("heading", { name: "This workspace is not yours" }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("addresses of before lead to where things are now", async () => {
  const page = await signedIn();
  await page.goto(`${server.url}/notifications/inbox`);
  await until(() => page.url().endsWith(`/w/${ws}/notify/inbox`), "the inbox");
  await page.goto(`${server.url}/notifications/workflows`);
  await until(() => page.url().endsWith(`/w/${ws}/notify/workflows`), "the workflows");
  await page.context().close();
});

test("the bell hears of every message of its member", async () => {
  const page = await signedIn();
  const { body } = await api(server, "/api/members");
  const unread = async () => (await api(server, `/v1/users/${body.data[0].id}/feeds/in-app`)).body.meta.unread_count;
  const before = await unread();
  await post("/v1/workflows/job-completed/trigger", { recipients: [body.data[0].id], data: { title: "It is done", url: server.url } });
  await page.getByRole("button", { name: `Notifications, ${before + 1} unread` }).waitFor({ timeout: 5_000 });
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the palette goes anywhere, and keys lead to the areas", async () => {
  const page = await signedIn();
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Go to, find, do, or paste an id").fill("deliveries");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Deliveries", exact: true }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.getByRole("heading", { name: "Observations", exact: true }).waitFor();
  await deliver(server, "release", release("0.2"));
  const { body } = await api(server, "/api/deliveries");
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Go to, find, do, or paste an id").fill(body.data[0].id);
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "release" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await check(page, "keys");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" });
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the palette finds content by name, and opens it by keyboard", async () => {
  const put = (path, body) => api(server, path, { method: "PUT", body: JSON.stringify(body) });
  assert.equal((await put("/v1/users/ada", { name: "Ada Lovelace", email: "ada@example.com" })).status, 200);
  await post("/api/v1/app", { name: "Lovelace Ltd", uid: "lovelace" });
  const endpoint = await post(`/api/v1/app/${ws}/endpoint`, { url: "https://example.com/engine", description: "Analytical engine" });
  await deliver(server, "release", release("77.0"));
  await until(async () => (await api(server, "/api/observations")).body.data.some(({ title }) => title.includes("77.0")), "it is observed");
  const page = await signedIn();
  const find = async (words) => {
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Go to, find, do, or paste an id").fill(words);
  };
  await find("lovelace");
  const list = page.getByRole("dialog", { name: "Search and do" });
  await list.getByRole("option", { name: /^Lovelace Ltd/ }).waitFor();
  await list.getByRole("option", { name: /^Ada Lovelace/ }).waitFor();
  await check(page, "palette-content");
  await page.setViewportSize({ width: 390, height: 800 });
  await check(page, "palette-content-390");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByPlaceholder("Go to, find, do, or paste an id").fill("ada love");
  await list.getByRole("option", { name: /^Lovelace Ltd/ }).waitFor({ state: "detached" });
  await list.getByRole("option", { name: /^Ada Lovelace/, selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Ada Lovelace", level: 1 }).waitFor();
  await find("observation captured");
  await list.getByRole("option", { name: /^Observation captured/, selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Observation captured", level: 1 }).waitFor();
  await find("analytical");
  await list.getByRole("option", { name: /^Analytical engine/, selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await until(() => page.url().includes(`/endpoints/${endpoint.id}`), "the endpoint's page");
  await find("77.0");
  await list.getByRole("option", { name: /77\.0/, selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /77\.0/, level: 1 }).waitFor();
  await find("no such thing at all");
  await list.getByText(/Nothing is called that/).waitFor();
  await list.getByRole("option", { name: "Search for “no such thing at all”", selected: true }).waitFor();
  await check(page, "palette-nothing");
  assert.deepEqual(page.problems.filter((problem) => !/404/.test(problem)), [], "but for a user with the id 77.0");
  await page.context().close();
});

test("after an outage the page goes on by itself", async () => {
  await deliver(server, "release", release("8.0"));
  const page = await signedIn();
  const late = await openPage(browser, { storageState: await page.context().storageState() });
  await late.goto(`${server.url}/w/${ws}/deliveries`);
  await late.getByRole("grid", { name: "Deliveries" }).getByText("release").first().waitFor();
  await late.getByText("Live", { exact: true }).waitFor();
  await server.down();
  await page.getByText("Reconnecting").waitFor();
  await late.getByText("Reconnecting").waitFor();
  // One stays where it is, the other goes somewhere whose list cannot be read.
  await late.getByRole("button", { name: "Filter" }).click();
  await late.getByRole("button", { name: "Status" }).click();
  await late.getByRole("button", { name: "processed" }).click();
  await late.getByRole("alert").first().waitFor({ timeout: 30_000 });
  assert.equal(await page.getByRole("heading", { name: "Home", exact: true }).count(), 1, "what was seen stays");
  await page.getByRole("region", { name: "Significant observations" }).getByText("Version 8.0").waitFor();
  await server.up();
  await page.getByText("Live", { exact: true }).waitFor({ timeout: 15_000 });
  await deliver(server, "release", release("9.0"));
  await page.getByRole("region", { name: "Significant observations" }).getByText("Version 9.0").waitFor();
  await late.getByRole("grid", { name: "Deliveries" }).getByText("release").first().waitFor({ timeout: 15_000 });
  await until(async () => (await late.getByRole("alert").count()) === 0, "nothing is wrong any more");
  await page.context().close();
  await late.context().close();
});

test("who goes to a page during an outage sees it when the outage is over", async () => {
  const page = await signedIn();
  await server.down();
  await page.getByText("Reconnecting").waitFor();
  await page.getByRole("link", { name: "Activity", exact: true }).click();
  await page.waitForTimeout(1_500);
  await server.up();
  await page.getByRole("heading", { name: "Activity", exact: true }).waitFor({ timeout: 20_000 });
  await page.context().close();
});

test("a page whose file could not be loaded is loaded anew, once", async () => {
  const page = await signedIn();
  let isBroken = true;
  let asked = 0;
  await page.route(/assets\/activity-page[^/]*\.js$/, (route) => {
    asked += 1;
    return isBroken ? route.fulfill({ status: 404, body: "" }) : route.continue();
  });
  await page.getByRole("link", { name: "Activity", exact: true }).click();
  await page.getByRole("heading", { name: "This page cannot be shown" }).waitFor();
  assert.ok(asked <= 4, `asked ${asked} times`);
  isBroken = false;
  await page.getByRole("button", { name: "Load the console anew" }).click();
  await page.getByRole("heading", { name: "Activity", exact: true }).waitFor();
  await page.context().close();
});

test("menus, keys and what went wrong are shown in an outage as well", async () => {
  const page = await signedIn();
  // The parts of the frame are loaded together, a second after the page.
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.includes("key-list")));
  await page.waitForTimeout(1_500);
  await server.down();
  await page.getByText("Reconnecting").waitFor();
  await page.getByRole("button", { name: "owner@example.com" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByText("You are still signed in").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await server.up();
  await page.context().close();
});
