// The page of searches in a real browser: searching while typing, refining, opening and coming back, by keyboard and by mouse.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, deliver, pullRequest, release, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let ws;

const CHECKOUT = "The checkout waits 🔔 for the payment gateway and gives up after thirty seconds. 決済 fails as well.";

before(async () => {
  browser = await launch();
  server = await start("sqlite");
  ws = await workspace(server);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = (options) => openPage(browser, options);
const within = (path) => `${server.url}/w/${ws}${path}`;
const field = (page) => page.getByRole("searchbox", { name: "Search what happened" });
const results = (page) => page.getByRole("list", { name: "Results" });
const result = (page, name) => results(page).getByRole("button", { name });
const hasFocus = (page, target) =>
  until(() => target.evaluate((element) => element === document.activeElement), `the focus is on ${target}`);
const found = async (query) =>
  (await api(server, "/api/search", { method: "POST", body: JSON.stringify({ query }) })).body.data;

async function signedIn(options) {
  const page = await open(options);
  await signIn(page, server);
  return page;
}

/** The observations that the other tests search. */
async function observed() {
  await deliver(server, "pull_request", pullRequest(41, "Checkout times out under load", "opened", CHECKOUT));
  await deliver(server, "pull_request", pullRequest(42, "Retry the payment gateway", "opened", "Fixes the checkout: three tries, one second apart."));
  await deliver(server, "release", release("4.2"));
  for (let number = 100; number < 125; number++) {
    await deliver(server, "pull_request", pullRequest(number, `Update dependency number ${number}`, "opened", "A weekly chore."));
  }
  await until(async () => (await found("chore")).length === 10, "the chores can be found");
  await until(async () => (await found("checkout")).length === 2, "the checkout can be found");
  await until(async () => (await found("type:release")).length === 1, "the release can be found");
}

test("a workspace without observations says how to get one, and fills by itself", async () => {
  const page = await signedIn();
  await page.goto(within("/search?q=bell"));
  await page.getByRole("heading", { name: "Nothing has been observed yet" }).waitFor();
  await page.getByRole("figure", { name: "Send a sample delivery" }).waitFor();
  await check(page, "search-first");
  await page.getByText("Live", { exact: true }).waitFor();
  await deliver(server, "pull_request", pullRequest(1, "Hang the bell"));
  await result(page, /Hang the bell/).waitFor();
  await observed();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("by keyboard: searched, walked through, opened, and back", async () => {
  const page = await signedIn();
  await page.keyboard.press("/");
  await page.getByRole("heading", { name: "Search", level: 1 }).waitFor();
  await hasFocus(page, field(page));
  await page.getByText("The newest. Try:").waitFor();
  await page.keyboard.type("checkout");
  await page.getByText(/^2 passages fit/).waitFor();
  assert.match(page.url(), /\/search\?q=checkout$/);
  const mark = result(page, /times out/).locator("mark");
  await mark.first().waitFor();
  for (const text of await mark.allTextContents()) assert.match(text, /^check/i, "behind an emoji the right letters are marked");

  await page.keyboard.press("ArrowDown");
  const rows = results(page).getByRole("button");
  await hasFocus(page, rows.nth(0));
  await page.keyboard.press("ArrowUp");
  await hasFocus(page, field(page));
  await page.keyboard.press("Enter");
  await hasFocus(page, rows.nth(0));
  await page.keyboard.press("j");
  await hasFocus(page, rows.nth(1));
  await page.keyboard.press("k");
  await hasFocus(page, rows.nth(0));
  const title = /times out/.test(await rows.nth(0).textContent()) ? "Checkout times out under load" : "Retry the payment gateway";
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: title }).waitFor();
  assert.match(page.url(), /open=obs_/);
  await page.keyboard.press("Escape");
  await page.getByRole("complementary", { name: title }).waitFor({ state: "detached" });
  await hasFocus(page, rows.nth(0));
  await page.keyboard.press("o");
  await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  await page.goBack();
  await page.getByText(/^2 passages fit/).waitFor();
  assert.equal(await field(page).inputValue(), "checkout");
  await page.keyboard.press("/");
  await hasFocus(page, field(page));
  await page.keyboard.type("gateway");
  await page.keyboard.press("Enter");
  await until(() => /q=gateway$/.test(page.url()), "it is searched at once");
  await page.getByText(/^2 passages fit/).waitFor();
  await hasFocus(page, rows.nth(0));
  assert.match(await rows.nth(0).textContent(), /Retry the payment gateway/);
  await page.keyboard.press("/");
  await page.keyboard.type("no such thing anywhere");
  await page.getByRole("heading", { name: "Nothing fits “no such thing anywhere”" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.getByRole("heading", { name: "Observations", level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await page.getByRole("heading", { name: "Search", level: 1 }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a time in words is told and can be taken back; what was found is narrowed by a press", async () => {
  const page = await signedIn();
  await page.goto(within("/search?q=acme%20before%202001"));
  await page.getByText("Nothing fits “acme before 2001”").waitFor();
  await page.goto(within("/search?q=acme%20since%202001-02-03"));
  await page.getByText("“since 2001-02-03” is read as since 2001-02-03").waitFor();
  const narrow = page.getByRole("list", { name: "Narrow" });
  await check(page, "search-facets");
  await narrow.getByRole("button", { name: /^release 1$/ }).click();
  await page.getByText(/^1 passage fits/).waitFor();
  await until(() => /type=release/.test(page.url()), "the filter stands in the address");
  await page.getByRole("button", { name: "Search all time" }).click();
  await until(() => /words=1/.test(page.url()), "the time is taken for words");
  await page.getByText(/is read as/).waitFor({ state: "detached" });
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("by mouse: refined with a filter, opened, explained; back restores, and a link shows the same", async () => {
  const page = await signedIn();
  await page.getByRole("navigation", { name: "Areas" }).getByRole("link", { name: "Search", exact: true }).click();
  await field(page).fill("version OR checkout");
  await result(page, /Version 4\.2/).waitFor();
  await result(page, /times out/).waitFor();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("button", { name: "Type", exact: true }).click();
  await page.getByRole("textbox", { name: "Type" }).fill("pull_request");
  await page.getByRole("button", { name: "Apply" }).click();
  await result(page, /Version 4\.2/).waitFor({ state: "detached" });
  assert.match(page.url(), /type=pull_request/);
  await result(page, /times out/).click();
  const panel = page.getByRole("complementary", { name: "Checkout times out under load" });
  await panel.getByText("gives up after thirty seconds").waitFor();
  await page.goBack();
  await panel.waitFor({ state: "detached" });
  await page.goBack();
  await result(page, /Version 4\.2/).waitFor();
  await page.goForward();
  await result(page, /Version 4\.2/).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Explain" }).click();
  await results(page).getByText("Proximity").first().waitFor();
  const other = await openPage(browser, { storageState: await page.context().storageState() });
  await other.goto(page.url());
  await results(other).getByText("Proximity").first().waitFor();
  assert.equal(await field(other).inputValue(), "version OR checkout");
  await other.getByRole("button", { name: "Remove the filter Type" }).waitFor();
  assert.deepEqual([...page.problems, ...other.problems], []);
  const [{ id }] = await found("version");
  await other.goto(within(`/search?q=version&open=${id}`));
  await result(other, /Version 4\.2/).waitFor();
  const beside = other.getByRole("complementary", { name: "Version 4.2" });
  await beside.getByText("A security fix.").first().waitFor();
  await other.keyboard.press("Escape");
  await beside.waitFor({ state: "detached" });
  await other.context().close();
  await page.context().close();
});

test("why a result has its rank: its parts beside those of its neighbours, and back", async () => {
  const page = await signedIn();
  await page.goto(within("/search?q=checkout+gateway&type=pull_request"));
  await result(page, /times out/).waitFor();
  assert.equal(await page.getByRole("link", { name: "Why this rank" }).count(), 0, "only where the order is explained");
  await page.getByRole("button", { name: "Explain" }).click();
  const rows = results(page).getByRole("listitem");
  await rows.nth(1).getByRole("link", { name: "Why this rank" }).click();
  await page.getByRole("heading", { name: "Why this rank", level: 1 }).waitFor();
  assert.match(page.url(), /\/search\/why\?q=checkout\+gateway&type=pull_request&id=obs_/);
  const table = page.getByRole("table", { name: "Parts of the scores" });
  await table.waitFor();
  const heads = await table.getByRole("columnheader").allTextContents();
  assert.equal(heads.length, 3, "two results fit, and the first column names the parts");
  assert.match(heads[1], /^1 · /);
  assert.match(heads[2], /^2 · /);
  for (const part of ["Words", "Meaning", "Proximity", "Sum", "Recency", "Score"]) {
    await table.getByRole("rowheader", { name: new RegExp(`^${part}`) }).waitFor();
  }
  const numbers = async (part) => {
    const row = table.getByRole("row", { name: new RegExp(`^${part}`) });
    return (await row.getByRole("cell").allTextContents()).map((text) => Number(text.replace("×", "")));
  };
  const [first, second] = await numbers("Score");
  assert.ok(first >= second && second > 0, `${first} and ${second}`);
  const asked = { query: "checkout gateway", filters: { types: ["pull_request"] }, explain: true };
  const { body } = await api(server, "/api/search", { method: "POST", body: JSON.stringify(asked) });
  const words = body.data.map((hit) => Number(hit.explain.lexical.toFixed(2)));
  assert.deepEqual(await numbers("Words"), words, "the numbers are those of the API");
  await page.getByText(/\(number 1\) stands before it by /).waitFor();
  await table.getByRole("columnheader").nth(1).getByRole("link").click();
  await page.getByRole("heading", { name: body.data[0].title.replace(/^\[[^\]]*\] /, ""), level: 1 }).waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "Back to the results" }).click();
  await results(page).getByText("Proximity").first().waitFor();
  assert.equal(await field(page).inputValue(), "checkout gateway");

  await page.goto(within("/search/why?q=checkout&id=obs_nothing"));
  await page.getByText("It is not among the first 200 results of this search.").waitFor();
  await page.goto(within("/search/why"));
  await page.getByText("Open this page from a result of a search").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("more results are read on demand", async () => {
  const page = await signedIn();
  await page.goto(within("/search?q=chore"));
  await until(async () => (await results(page).getByRole("button").count()) === 20, "twenty are shown");
  await page.getByRole("button", { name: "More results" }).click();
  await until(async () => (await results(page).getByRole("button").count()) === 25, "all are shown");
  await page.getByRole("button", { name: "More results" }).waitFor({ state: "detached" });
  const last = results(page).getByRole("button").last();
  await last.focus();
  await page.keyboard.press("o");
  await page.getByRole("heading", { name: /^Update dependency/, level: 1 }).waitFor();
  await page.goBack();
  await until(async () => (await results(page).getByRole("button").count()) === 25, "they are still there");
  await page.keyboard.press("j");
  await hasFocus(page, last);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("nothing found offers examples and the line for the shell; a query that is refused says why", async () => {
  const page = await signedIn();
  await page.goto(within("/search?q=xylophone&type=release"));
  await page.getByRole("heading", { name: "Nothing fits “xylophone”" }).waitFor();
  await page.getByRole("figure", { name: "This search" }).getByText(`"query":"xylophone","filters":{"types":["release"]}`).waitFor();
  await page.getByRole("button", { name: "Search without the filters" }).click();
  await page.getByRole("button", { name: "Remove the filter Type" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "type:pull_request" }).click();
  await result(page, /Update dependency/).first().waitFor();

  await field(page).fill("after:soon");
  const alert = page.getByRole("alert");
  await alert.getByText(/RFC 3339/).waitFor();
  await alert.getByText(/^Request/).waitFor();
  await result(page, /Update dependency/).first().waitFor();
  await page.getByRole("link", { name: "what can be asked" }).waitFor();
  await field(page).fill("checkout");
  await alert.waitFor({ state: "detached" });
  await result(page, /times out/).waitFor();

  const fails = { status: 503, json: { code: "UNAVAILABLE", message: "the database does not answer", request_id: "req_of_a_test" } };
  await page.route("**/api/search?*", (route) => route.fulfill(fails));
  await field(page).fill("gateway");
  await alert.getByText("req_of_a_test").waitFor();
  await page.unroute("**/api/search?*");
  await alert.getByRole("button", { name: "Try again" }).click();
  await result(page, /Retry the payment gateway/).waitFor();
  assert.deepEqual(page.problems.filter((problem) => !/400|503/.test(problem)), []);
  await page.context().close();
});

test("what says it in other words is found once the typing pauses", async () => {
  const other = await start("sqlite", { CAMPANILE_MEMORY_EMBEDDER: "built-in" });
  const page = await open();
  try {
    await deliver(other, "pull_request", pullRequest(7, "Users cannot log in after a password reset", "opened", "The session is not renewed."));
    await deliver(other, "pull_request", pullRequest(8, "Update the linter", "opened", "A weekly chore."));
    const meta = async () => (await api(other, "/api/search", { method: "POST", body: JSON.stringify({ query: "linter" }) })).body.meta;
    await until(async () => (await meta()).total === 1 && (await meta()).embedded === 1, "both have vectors");
    await signIn(page, other);
    await page.goto(`${other.url}/w/${await workspace(other)}/search?explain=1`);
    await field(page).fill("people are locked out with new credentials");
    await result(page, /Users cannot log in/).waitFor();
    await page.getByText("Meaning", { exact: true }).first().waitFor();
    assert.deepEqual(page.problems, []);
  } finally {
    await page.context().close();
    await other.stop();
  }
});

test("the palette finds observations by their text, and leads to the page of searches", async () => {
  const page = await signedIn();
  const list = page.getByRole("dialog", { name: "Search and do" });
  const find = async (words) => {
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Go to, find, do, or paste an id").fill(words);
  };
  await find("thirty seconds");
  await list.getByRole("option", { name: /^Checkout times out/, selected: true }).waitFor();
  await list.getByRole("option", { name: "Search for “thirty seconds”" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Checkout times out under load", level: 1 }).waitFor();
  await find("gateway");
  await list.getByRole("option", { name: "Search for “gateway”" }).click();
  await page.getByRole("heading", { name: "Search", level: 1 }).waitFor();
  assert.equal(await field(page).inputValue(), "gateway");
  await result(page, /Retry the payment gateway/).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

for (const theme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`the page of searches is readable and fits, ${theme} at ${width} px`, async () => {
      const page = await signedIn({ viewport: { width, height: 844 }, colorScheme: theme, reducedMotion: "reduce" });
      const [{ id }] = await found("checkout times out");
      const chore = (await found("chore"))[1].id;
      const pages = [
        ["newest", "", () => page.getByText("The newest. Try:")],
        ["results", "?q=checkout+gateway", () => result(page, /times out/)],
        ["explain", "?q=checkout+gateway&explain=1&type=pull_request", () => results(page).getByText("Proximity").first()],
        ["why", `/why?q=chore&id=${chore}`, () => page.getByRole("table", { name: "Parts of the scores" })],
        ["panel", `?q=checkout&open=${id}`, () => page.getByText("gives up after thirty seconds").last()],
        ["nearest", "?q=checkout+zebra+xylophone+quartz", () => page.getByText("Nothing fits well; the nearest:")],
        ["nothing", "?q=xylophone", () => page.getByRole("figure", { name: "This search" })],
        ["refused", "?q=after:soon&source=github", () => page.getByRole("alert")],
      ];
      for (const [name, search, shown] of pages) {
        await page.goto(within(`/search${search}`));
        await shown().waitFor();
        await check(page, `search-${name}-${theme}-${width}`);
      }
      assert.deepEqual(page.problems.filter((problem) => !/400/.test(problem)), []);
      await page.context().close();
    });
  }
}
