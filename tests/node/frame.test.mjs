// The console's frame in a real browser: which workspace is looked at, what an outage leaves behind, and what is asked of the server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { SECRET, api, deliver, pullRequest, release, start, until } from "./harness.mjs";

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
  const asked = [];
  const page = await signedIn((page) => page.on("request", (request) => asked.push(new URL(request.url()).pathname)));
  await page.getByRole("region", { name: "Observations" }).getByText("Version 0.1").waitFor();
  await page.waitForTimeout(1_000);
  const times = (path) => asked.filter((one) => one === path).length;
  for (const list of ["observations", "deliveries", "notifications", "attempts"]) assert.equal(times(`/api/${list}`), 1, list);
  assert.equal(asked.filter((path) => path.endsWith("/feeds/in-app")).length, 1);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("what is not allowed is asked for once", async () => {
  const page = await signedIn();
  let times = 0;
  await page.route("**/v1/workflows", (route) => {
    times += 1;
    return route.fulfill({ status: 403, contentType: "application/json", body: JSON.stringify({ message: "your role does not allow this" }) });
  });
  await page.goto(`${server.url}/notifications/workflows`);
  await page.getByRole("alert").getByText("your role does not allow this").waitFor({ timeout: 2_000 });
  assert.equal(await page.getByText("There are no workflows yet.").count(), 0);
  await page.waitForTimeout(2_500);
  assert.equal(times, 1);
  await page.context().close();
});

test("another workspace is looked at, and a link to what it has seen leads there", async () => {
  const { id } = await post("/api/workspaces", { name: "The other one" });
  await post("/api/sources", { provider: "github", path: "elsewhere", secret: SECRET, workspace: id });
  const page = await signedIn();
  const observations = page.getByRole("region", { name: "Observations" });
  await page.getByRole("combobox", { name: "Workspace" }).selectOption("The other one");
  await observations.getByText("Nothing has been observed yet.").waitFor();
  await check(page, "workspaces");
  await page.setViewportSize({ width: 390, height: 800 });
  await check(page, "workspaces-390");
  await page.setViewportSize({ width: 1280, height: 800 });
  await deliver(server, "pull_request", pullRequest(7, "Only here"), undefined, "elsewhere");
  await observations.getByText("[PR Opened] Only here").click();
  await page.getByRole("heading", { name: "[PR Opened] Only here" }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("workspace"), id, "it stays from page to page");
  await page.getByRole("link", { name: "All observations" }).click();
  await observations.getByText("[PR Opened] Only here").waitFor();
  await page.goto(new URL(page.url()).origin);
  assert.equal(await observations.getByText("Only here").count(), 0, "the first workspace has not seen it");
  const seen = await api(server, `/api/observations?workspace=${id}`);
  await page.goto(`${server.url}/observations/${seen.body.data[0].id}`);
  await page.getByRole("heading", { name: "[PR Opened] Only here" }).waitFor();
  await until(async () => new URL(page.url()).searchParams.get("workspace") === id, "what is around it is its own workspace");
  assert.deepEqual(page.problems, []);
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

test("after an outage the page goes on by itself", async () => {
  const page = await signedIn();
  const late = await openPage(browser, { storageState: await page.context().storageState() });
  await late.goto(server.url);
  await late.getByText("Live", { exact: true }).waitFor();
  await server.down();
  await page.getByText("Reconnecting").waitFor();
  await late.getByText("Reconnecting").waitFor();
  // One stays where it is, the other goes somewhere whose lists cannot be read.
  await late.getByRole("link", { name: "Notification settings" }).click();
  await late.getByRole("alert").first().waitFor({ timeout: 30_000 });
  assert.equal(await page.getByRole("heading", { name: "What is happening" }).count(), 1, "what was seen stays");
  await server.up();
  await page.getByText("Live", { exact: true }).waitFor({ timeout: 15_000 });
  await deliver(server, "release", release("9.0"));
  await page.getByRole("region", { name: "Observations" }).getByText("Version 9.0").waitFor();
  await late.getByRole("table").waitFor({ timeout: 15_000 });
  await until(async () => (await late.getByRole("alert").count()) === 0, "nothing is wrong any more");
  await page.context().close();
  await late.context().close();
});
