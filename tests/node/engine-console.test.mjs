// The engine within the console, in a real browser: runs step by step, jobs, dead letters, schedules.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open, signIn, walkTo } from "./browser.mjs";
import { api, start, until, workspace } from "./harness.mjs";

const DRILL = "campanile.drill";

let browser;
let server;
let ws;

before(async () => {
  browser = await launch();
  server = await start("sqlite");
  ws = await workspace(server);
  await drill({ steps: 3, pause_ms: 20 });
  await until(async () => (await runs("completed")).length === 1, "a drill has completed");
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function post(path, body, status) {
  const answer = await api(server, path, { method: "POST", body: JSON.stringify(body) });
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  return answer.body;
}

const get = async (path) => (await api(server, path)).body;
const drill = async (input) => (await post(`/api/workflows/${DRILL}/runs`, input, 201)).id;
const runs = async (status) => (await get(`/api/runs?name=${DRILL}&status=${status}`)).data;
const at = (path) => `${server.url}/w/${ws}${path}`;
const editor = (page, name) => page.getByRole("textbox", { name, exact: true });
const table = (page, name = "Runs") => page.getByRole("grid", { name });

/** A drill that has failed: it has no steps to do. */
async function failed() {
  const id = await drill({ steps: 0 });
  await until(async () => (await get(`/api/runs/${id}`)).status === "failed", "it has failed");
  return id;
}

async function signedIn(options) {
  const page = await open(browser, options);
  await signIn(page, server);
  return page;
}

async function palette(page, what) {
  await page.keyboard.press("Control+K");
  await page.getByRole("combobox").last().waitFor();
  await page.keyboard.type(what);
  await page.getByRole("option", { name: what }).first().waitFor();
  await page.keyboard.press("Enter");
}

test("a failed run is found, its input is mended, and it is replayed", async () => {
  const id = await failed();
  const page = await signedIn();
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await table(page).getByText("a drill has 1 to 100 steps").waitFor();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("button", { name: "State", exact: true }).click();
  await page.getByRole("button", { name: "Failed", exact: true }).click();
  assert.match(page.url(), /status=failed/);
  await table(page).getByText(DRILL).first().click();
  const panel = page.getByRole("complementary", { name: DRILL });
  await panel.getByText("a drill has 1 to 100 steps").waitFor();
  await panel.getByRole("button", { name: "Open as a page" }).click();
  await page.getByText("It ended before its first step.").waitFor();
  assert.match(page.url(), new RegExp(id));
  await page.getByRole("button", { name: "Replay", exact: true }).click();
  const form = page.getByRole("dialog", { name: `Replay ${DRILL}` });
  await editor(form, "Input").fill('{"steps": 2');
  await form.getByRole("button", { name: "Replay", exact: true }).click();
  await form.getByText("The input must be a JSON object.").waitFor();
  await editor(form, "Input").fill('{"steps": 2}');
  await form.getByRole("button", { name: "Replay", exact: true }).click();
  await page.getByText("a replay", { exact: true }).waitFor();
  await page.getByText("completed", { exact: true }).first().waitFor();
  assert.doesNotMatch(page.url(), new RegExp(id), "the new run is shown");
  await page.getByRole("option", { name: /^count, completed/ }).click();
  await page.getByRole("region", { name: "count", exact: true }).getByText("work", { exact: true }).waitFor();
  assert.match(page.url(), /step=count/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the same by keyboard alone", async () => {
  const id = await failed();
  const page = await signedIn();
  await page.keyboard.press("g");
  await page.keyboard.press("u");
  await table(page).getByText("a drill has 1 to 100 steps").first().waitFor();
  // What the failure has started is newer.
  await walkTo(page, /a drill has/);
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: DRILL }).getByText("a drill has 1 to 100 steps").waitFor();
  await page.keyboard.press("o");
  await page.getByText("It ended before its first step.").waitFor();
  assert.match(page.url(), new RegExp(id));
  await palette(page, "Replay with another input");
  const form = page.getByRole("dialog", { name: `Replay ${DRILL}` });
  await editor(form, "Input").waitFor();
  // From the choice of the step into the editor. In it Tab indents, and Escape leads on.
  for (let step = 0; step < 5 && !(await editor(form, "Input").evaluate((it) => it === document.activeElement)); step += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText('{"steps": 2}');
  await page.keyboard.press("Escape");
  for (let step = 0; step < 10; step += 1) {
    if ((await page.evaluate(() => document.activeElement?.textContent)) === "Replay") break;
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.getByText("a replay", { exact: true }).waitFor();
  await page.getByText("completed", { exact: true }).first().waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a run is seen live, replayed from a step on, and cancelled", async () => {
  const page = await signedIn();
  await page.goto(at("/engine/runs"));
  await page.getByRole("button", { name: "Start a run" }).click();
  const form = page.getByRole("dialog", { name: "Start a run" });
  await editor(form, "Input").fill('{"steps": 2, "pause_ms": 900}');
  await form.getByRole("button", { name: "Start run" }).click();
  await page.getByText("waiting", { exact: true }).first().waitFor();
  await page.getByText("completed", { exact: true }).first().waitFor();
  const first = page.url();
  await page.getByRole("option", { name: /^send:campanile.drill:1, completed/ }).click();
  await page.getByRole("button", { name: "Replay from here" }).click();
  await page.getByRole("button", { name: "Replay from send:campanile.drill:1" }).click();
  await until(() => page.url() !== first && !page.url().includes("replay="), "the new run is shown");
  await page.getByText("completed", { exact: true }).first().waitFor();

  const long = await drill({ steps: 2, pause_ms: 3_600_000 });
  await page.goto(at(`/engine/runs/${long}`));
  await page.getByRole("option", { name: /^sleep, sleep, waiting/ }).waitFor();
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel run" }).click();
  await page.getByText("cancelled", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByText("waiting", { exact: true }).first().waitFor();
  await page.getByRole("tab", { name: "Raw" }).click();
  await page.getByLabel("Run", { exact: true }).getByText("trace_id").first().waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("all runs of a workflow are cancelled in the background, and how far that is outlives a reload", async () => {
  for (let n = 0; n < 4; n += 1) await drill({ steps: 2, pause_ms: 3_600_000 });
  const page = await signedIn();
  await page.goto(at("/engine/runs"));
  await page.getByRole("button", { name: "Cancel many" }).click();
  const form = page.getByRole("dialog", { name: "Cancel many runs" });
  await form.getByLabel("Workflow").selectOption(DRILL);
  await form.getByText(/active now/).waitFor();
  await form.getByRole("button", { name: "Cancel these runs" }).click();
  const progress = page.getByRole("status").filter({ hasText: DRILL });
  await progress.getByText("finished").waitFor();
  assert.match(page.url(), /cancellation=cancel_/);
  await page.reload();
  await progress.getByText("finished").waitFor();
  assert.equal((await runs("waiting")).length, 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("what failed for good is grouped by its error, and retried together", async () => {
  await Promise.all([failed(), failed()]);
  const before = (await runs("failed")).length;
  const page = await signedIn();
  await page.goto(at("/engine/dead-letters"));
  await page.getByText("No dead letters").waitFor();
  await page.getByRole("button", { name: "Runs of workflows" }).click();
  assert.match(page.url(), /of=runs/);
  const row = table(page, "Dead letters").getByRole("row").nth(1);
  await row.getByText("a drill has 1 to 100 steps").waitFor();
  await row.getByText(String(before), { exact: true }).waitFor();
  await row.getByText(DRILL).click();
  await page.getByRole("complementary", { name: DRILL }).getByText(`${before} failed`).waitFor();
  await page.getByRole("button", { name: "Retry these" }).click();
  await page.getByRole("status").filter({ hasText: "Retried" }).getByText(`${before} of ${before}`).waitFor();
  // They fail again, since their input is what it was.
  await until(async () => (await runs("failed")).length === before, "they have failed again");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a workflow is paused and resumed, and an event is sent", async () => {
  const page = await signedIn();
  await page.goto(at("/engine/workflows?q=drill"));
  const on = page.getByRole("switch", { name: `${DRILL} is on` }).first();
  await on.click();
  await page.getByText(/^paused/).first().waitFor();
  assert.notEqual((await get("/api/workflows")).data.find(({ name }) => name === DRILL).pausedAt, null);
  await page.getByRole("button", { name: "Undo" }).click();
  await until(async () => (await get("/api/workflows")).data.find(({ name }) => name === DRILL).pausedAt === null, "it is on again");
  await page.getByRole("button", { name: "Send an event" }).click();
  const form = page.getByRole("dialog", { name: "Send an event" });
  await form.getByLabel("Name").fill("engine/ours");
  await editor(form, "Data").fill('{"id": 1}');
  await form.getByRole("button", { name: "Send event" }).click();
  await form.getByRole("alert").waitFor();
  await form.getByLabel("Name").fill("order/placed");
  await form.getByRole("button", { name: "Send event" }).click();
  await form.getByText(/^event_/).waitFor();
  assert.deepEqual(page.problems.filter((text) => !/400/.test(text)), []);
  await page.context().close();
});

test("a list that cannot be read says so, and offers to try again", async () => {
  const page = await signedIn();
  let isBroken = true;
  await page.route("**/api/runs?*", (route) =>
    isBroken ? route.fulfill({ status: 500, contentType: "application/json", body: JSON.stringify({ message: "an internal error occurred", request_id: "req_1" }) }) : route.continue(),
  );
  await page.goto(at("/engine/runs"));
  await page.getByRole("alert").getByText("an internal error occurred").waitFor();
  await page.getByText("req_1").waitFor();
  assert.equal(await page.getByText("No runs yet").count(), 0);
  isBroken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await table(page).getByText(DRILL).first().waitFor();
  await page.context().close();
});

for (const theme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`the pages of the engine are readable and fit, ${theme} at ${width} px`, async () => {
      const page = await signedIn({ viewport: { width, height: 844 }, colorScheme: theme, reducedMotion: "reduce" });
      const run = (await runs("completed"))[0].id;
      const broken = (await runs("failed"))[0].id;
      for (const [name, path, ready] of [
        ["runs", "/engine/runs", () => table(page).getByText(DRILL).first()],
        ["run-panel", `/engine/runs?open=${broken}`, () => page.getByText("It failed")],
        ["run", `/engine/runs/${run}?step=count`, () => page.getByRole("button", { name: "Replay from here" })],
        ["run-failed", `/engine/runs/${broken}`, () => page.getByText("It ended before its first step.")],
        ["replay", `/engine/runs/${run}?replay=${run}`, () => editor(page, "Input")],
        ["start", "/engine/runs?new=run", () => editor(page, "Input")],
        ["cancel-many", "/engine/runs?new=cancellation", () => page.getByRole("dialog")],
        ["statistics", "/engine/runs?tab=statistics", () => page.getByRole("figure", { name: "Average duration", exact: true })],
        ["jobs", "/engine/jobs", () => page.getByRole("heading", { name: "Jobs", level: 1 })],
        ["dead-letters", "/engine/dead-letters?of=runs", () => page.getByText(/a drill has/)],
        ["workflows", "/engine/workflows", () => page.getByText("campanile.tidy")],
        ["workflow", `/engine/workflows?open=${DRILL}`, () => page.getByRole("figure", { name: "Ended", exact: true })],
        ["event", "/engine/workflows?new=event", () => editor(page, "Data")],
      ]) {
        await page.goto(at(path));
        await ready().waitFor();
        await check(page, `engine-${name}-${theme}-${width}`);
      }
      assert.deepEqual(page.problems, []);
      await page.context().close();
    });
  }
}
