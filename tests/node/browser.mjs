// A real browser, and what every page is held to: it fits, it is accessible, and it has no problems of its own.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

import { OWNER, until } from "./harness.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.CAMPANILE_TEST_PICTURES;

export function launch() {
  return chromium.launch({
    executablePath: process.env.CAMPANILE_TEST_CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && !/401/.test(message.text()) && page.problems.push(message.text()));
  return page;
}

/** Signs the owner in with their password, and waits until Home stands there. */
export async function signIn(page, server) {
  await page.goto(server.url);
  await page.getByLabel("Mail address").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
}

/** Goes on by Tab until something has the focus, as somebody without a mouse would. */
export async function tabTo(page, target, most = 120) {
  for (let times = 0; times < most; times++) {
    if (await target.evaluate((element) => element === document.activeElement).catch(() => false)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`not reached by ${most} times Tab: ${target}`);
}

/** Walks a list with `j` until the row whose text matches has the focus. */
export async function walkTo(page, text, most = 20) {
  const focused = () =>
    page.evaluate(() => {
      const row = document.activeElement?.closest("[role=row], [data-row], [data-item]");
      return { place: row && [...row.parentElement.children].indexOf(row), text: row?.textContent ?? "" };
    });
  let at = await focused();
  for (let times = 0; times < most; times += 1) {
    await page.keyboard.press("j");
    const before = at.place;
    await until(async () => (at = await focused()).place !== before, "the next row has the focus", 5_000);
    if (text.test(at.text)) return;
  }
  throw new Error(`no row has ${text}`);
}

export async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}

/** Waits until what fades or slides in stands there: colours in between are nobody's choice. What moves for ever is not waited for. */
function still(page) {
  return page.evaluate(() => {
    const ends = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    return Promise.race([Promise.allSettled(ends.map(({ finished }) => finished)), new Promise((done) => setTimeout(done, 2_000))]).then(() => undefined);
  });
}

export async function check(page, name) {
  await still(page);
  await picture(page, name);
  const overflow = await page.evaluate(() => {
    const shown = [document.documentElement, ...document.querySelectorAll("main, aside, [role=dialog]")];
    return shown.map((element) => element.scrollWidth - element.clientWidth).filter((beyond) => beyond > 0);
  });
  assert.deepEqual(overflow, [], `${name} is wider than the window`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }),
  );
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(found, [], name);
}
