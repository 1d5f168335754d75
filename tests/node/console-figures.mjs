// What the console's pages cost a browser, on a cold cache: bytes of script, first paint, longest task; and how a list of 100,000 rows
// scrolls. Prints two tables in Markdown. `cargo xtask bench console` runs it against a release build.

import { launch, signIn } from "./browser.mjs";
import { deliver, pullRequest, release, start } from "./harness.mjs";

const PAGES = [
  "home", "observations", "deliveries", "integrations", "notify/workflows", "notify/messages", "notify/runs", "notify/recipients",
  "notify/channels", "notify/inbox", "webhooks/applications", "webhooks/event-types", "engine/runs", "engine/jobs", "activity",
  "settings/members", "settings/system", "docs",
];
const ROWS = 100_000;
const PORTION = 10_000;

/** Notes tasks of more than 50 ms and the first paint, from the beginning on. */
function watch() {
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((task) => task.duration))).observe({ type: "longtask", buffered: true });
}

async function cost(browser, server, path, storageState) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, storageState });
  const page = await context.newPage();
  await page.addInitScript(watch);
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const kinds = new Map();
  let script = 0;
  session.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (kinds.get(requestId) === "Script") script += encodedDataLength;
  });
  await page.goto(server.url + path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  const first = script;
  // What the frame needs on demand is loaded when nothing else is to be done.
  await page.waitForTimeout(3_000);
  const [paint, longest] = await page.evaluate(() => [
    performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
    Math.max(0, ...window.tasks),
  ]);
  await context.close();
  return { first, script, paint, longest };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** A made-up page of observations, `PORTION` at a time. */
function observations(from) {
  const at = new Date(1_770_000_000_000 - from * 1_000).toISOString();
  return Array.from({ length: PORTION }, (_, index) => ({
    id: `obs_${from + index}`, workspace_id: "ws", source_id: `s${from + index}`, provider: "github", type: "pull_request.opened",
    title: `[PR Opened] Change number ${from + index} of many`, significance: (from + index) % 100, category: "feature", topics: [], actor: null,
    occurred_at: at, captured_at: at,
  }));
}

async function scroll(browser, server, path, storageState) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, storageState });
  const page = await context.newPage();
  await page.addInitScript(watch);
  await page.route("**/api/observations?*", (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
    const next = from + PORTION < ROWS ? String(from + PORTION) : null;
    return route.fulfill({ contentType: "application/json", body: JSON.stringify({ data: observations(from), next }) });
  });
  await page.goto(server.url + path);
  const grid = page.getByRole("grid");
  await grid.waitFor();
  const scrolled = grid.locator("xpath=..");
  for (let read = PORTION; read < ROWS; read += PORTION) {
    await scrolled.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByText(`${Math.min(read + PORTION, ROWS)}`, { exact: false }).first().waitFor();
  }
  await scrolled.evaluate((element) => element.scrollTo(0, 0));
  await page.waitForTimeout(500);
  const box = await scrolled.boundingBox();
  await page.mouse.move(box.x + 200, box.y + 200);
  await page.evaluate(() => {
    window.frames_ = [];
    let last = performance.now();
    const frame = (now) => {
      window.frames_.push(now - last);
      last = now;
      window.watching = requestAnimationFrame(frame);
    };
    window.watching = requestAnimationFrame(frame);
  });
  const began = Date.now();
  while (Date.now() - began < 5_000) {
    await page.mouse.wheel(0, 900);
    await page.waitForTimeout(16);
  }
  const frames = await page.evaluate(() => {
    cancelAnimationFrame(window.watching);
    return window.frames_;
  });
  await context.close();
  const seconds = frames.reduce((sum, one) => sum + one, 0) / 1_000;
  return { rate: frames.length / seconds, late: frames.filter((one) => one > 25).length, count: frames.length, worst: Math.max(...frames) };
}

const browser = await launch();
const server = await start("sqlite");
try {
  for (let number = 1; number <= 20; number++) await deliver(server, "pull_request", pullRequest(number, `Change ${number}`));
  await deliver(server, "release", release("1.0"));
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page, server);
  const storageState = await context.storageState();
  const within = new URL(page.url()).pathname.replace(/\/home$/, "");
  await context.close();
  console.log("| page | script until its heading stands, kB | with what is loaded when idle, kB | first paint, ms | longest task, ms |\n|---|--:|--:|--:|--:|");
  for (const path of PAGES) {
    const costs = [];
    for (let round = 0; round < 3; round++) costs.push(await cost(browser, server, `${within}/${path}`, storageState));
    const of = (name) => median(costs.map((one) => one[name]));
    console.log(`| ${path} | ${Math.round(of("first") / 1_000)} | ${Math.round(of("script") / 1_000)} | ${Math.round(of("paint"))} | ${Math.round(of("longest"))} |`);
  }
  const { rate, late, count, worst } = await scroll(browser, server, `${within}/observations`, storageState);
  console.log(`\n${ROWS} rows, five seconds of the wheel: ${rate.toFixed(1)} frames a second; ${late} of ${count} frames later than 25 ms, the worst ${worst.toFixed(0)} ms.`);
} finally {
  await browser.close();
  await server.stop();
}
