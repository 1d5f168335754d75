// The page of clusters in a real browser: the timeline, its filters, a cluster with its summary, and the ways that lead there.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, deliver, pullRequest, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let ws;

before(async () => {
  browser = await launch();
  server = await start("sqlite", { CAMPANILE_MEMORY_SUMMARY_DELAY: "0s" });
  ws = await workspace(server);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const within = (path) => `${server.url}/w/${ws}${path}`;
const clusters = async (query = "") => (await api(server, `/api/clusters${query}`)).body.data;

async function signedIn(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  return page;
}

/** A pull request with a branch of its own: all of the harness have the same. */
function change(thing, number, ...rest) {
  const payload = pullRequest(number, ...rest);
  payload.pull_request.head = { ref: `fix/${thing}`, sha: `${number}`.padStart(12, "a0") };
  return deliver(server, "pull_request", payload);
}

/** One thing with five observations, and another with two. */
async function happened() {
  const gateway = "The checkout waits for the payment gateway and gives up after thirty seconds.";
  for (const action of ["opened", "reopened", "closed"]) {
    await change("checkout", 41, "Checkout times out under load", action, gateway);
  }
  for (const number of [42, 43]) {
    await change("checkout", number, `Retry the payment gateway of the checkout, part ${number - 41}`, "opened", `Fixes #41. ${gateway}`);
  }
  for (const action of ["opened", "closed"]) {
    await change("logo", 90, "Zeppelins in the logo", action, "The designers want one.");
  }
  await until(async () => (await clusters()).length === 2, "two things are gathered");
  await until(async () => (await clusters()).some(({ summary }) => summary), "one of them has a summary");
}

test("an empty page says what comes; what happened together stands there as bars", async () => {
  const page = await signedIn();
  await page.goto(within("/clusters"));
  await page.getByRole("heading", { name: "No clusters yet" }).waitFor();
  await check(page, "clusters-empty");
  await happened();
  const timeline = page.getByRole("region", { name: "Timeline" });
  await timeline.getByRole("link", { name: /Checkout times out|Retry the payment/ }).waitFor();
  await timeline.getByRole("link", { name: /Zeppelins/ }).waitFor();
  await timeline.getByText("5 observations").waitFor();
  await check(page, "clusters");

  await page.goto(within("/clusters?min_observations=5"));
  await timeline.getByText("5 observations").waitFor();
  assert.equal(await timeline.getByRole("link").count(), 1);
  await page.goto(within("/clusters?source=linear"));
  await page.getByRole("heading", { name: "No cluster fits" }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a cluster shows its summary and its observations in order, and they lead back", async () => {
  const page = await signedIn();
  const [large] = await clusters("?min_observations=5");
  await page.goto(within("/clusters"));
  await page.getByRole("region", { name: "Timeline" }).getByRole("link", { name: large.title }).click();
  await page.getByRole("heading", { name: large.title, level: 1 }).waitFor();
  await page.getByRole("region", { name: "Summary" }).getByText(/^5 events on/).waitFor();
  const happenings = page.getByRole("region", { name: "Observations" }).getByRole("listitem");
  assert.equal(await happenings.count(), 5);
  await check(page, "cluster");
  const title = await happenings.first().getByRole("link").locator("span.font-medium").textContent();
  await happenings.first().getByRole("link").click();
  await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  await page.getByRole("link", { name: large.title, exact: true }).click();
  await page.getByRole("region", { name: "Summary" }).waitFor();
  assert.match(page.url(), /\/clusters\/cl_/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the summary is found, and opened beside the results; a link without a workspace leads to the cluster", async () => {
  const page = await signedIn();
  const [large] = await clusters("?min_observations=5");
  await page.goto(within("/search?q=checkout+kind:summary"));
  const result = page.getByRole("list", { name: "Results" }).getByRole("button", { name: large.title });
  await result.waitFor();
  assert.match(await result.textContent(), /Summary of a cluster/);
  await result.click();
  await page.getByRole("complementary", { name: large.title }).getByText(/^5 events on/).waitFor();
  await check(page, "cluster-panel");
  await page.goto(`${server.url}/clusters/${large.id}`);
  await page.getByRole("heading", { name: large.title, level: 1 }).waitFor();
  assert.ok(page.url().includes(`/w/${ws}/clusters/`));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("on a phone in the dark nothing is wider than the window", async () => {
  const page = await signedIn({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  await page.goto(within("/clusters"));
  const link = page.getByRole("region", { name: "Timeline" }).getByRole("link", { name: /Zeppelins/ });
  await link.waitFor();
  await check(page, "clusters-phone");
  await link.click();
  await page.getByRole("region", { name: "Summary" }).getByText("It gets one with 5 observations.").waitFor();
  await check(page, "cluster-phone");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
