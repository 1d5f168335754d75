// Every component in all its states, light and dark, as a picture that is compared with the one that was looked at. A person runs it,
// with `cargo xtask snapshots`: pictures differ a little between browsers and machines. After a change that is meant,
// `cargo xtask snapshots update` takes new ones, to be looked at and committed.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";

import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";

import { check, launch } from "./browser.mjs";

const SNAPSHOTS = join(import.meta.dirname, "snapshots");
const CONSOLE = join(import.meta.dirname, "../../console");
/** The share of pixels that may differ: browsers of other versions draw the edges of letters a little differently. */
const TOLERANCE = 0.005;
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
/** All text in the font that comes along: the system's fonts differ between machines. */
const ONE_FONT = "*, *::before, *::after { font-family: Inter !important; caret-color: transparent !important; } header { position: static !important; }";

let browser;
let folder;
let server;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "campanile-components-"));
  const vite = join(CONSOLE, "node_modules/vite/bin/vite.js");
  const options = { cwd: CONSOLE, env: { ...process.env, SHOWCASE_DIST: folder }, stdio: "ignore" };
  execFileSync(process.execPath, [vite, "build", "--config", "vite.showcase.config.ts"], options);
  server = createServer((request, response) => {
    const file = join(folder, decodeURIComponent(new URL(request.url, "http://x").pathname));
    if (!existsSync(file)) return response.writeHead(404).end();
    // The console does not wait for its font; here it must not matter how soon that comes.
    const text = () => readFileSync(file, "utf8").replace("</head>", `<style>${ONE_FONT}</style></head>`).replaceAll("font-display:optional", "font-display:block");
    const bytes = /\.(html|css)$/.test(file) ? text() : readFileSync(file);
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "cache-control": "max-age=600" }).end(bytes);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Compares a picture with the stored one, or stores it. Returns what is wrong. */
function compared(name, bytes) {
  const stored = join(SNAPSHOTS, `${name}.png`);
  if (process.env.CAMPANILE_UPDATE_SNAPSHOTS) {
    mkdirSync(join(stored, ".."), { recursive: true });
    writeFileSync(stored, bytes);
    return undefined;
  }
  if (!existsSync(stored)) return `${name}: there is no snapshot of it`;
  const [was, is] = [PNG.sync.read(readFileSync(stored)), PNG.sync.read(bytes)];
  if (was.width !== is.width || was.height !== is.height)
    return `${name}: ${is.width} by ${is.height} pixels, was ${was.width} by ${was.height}`;
  const changes = new PNG({ width: is.width, height: is.height });
  const share = pixelmatch(was.data, is.data, changes.data, is.width, is.height, { threshold: 0.2 }) / (is.width * is.height);
  if (share <= TOLERANCE) return undefined;
  const shown = join(tmpdir(), `campanile-changed-${name.replaceAll("/", "-")}.png`);
  writeFileSync(shown, PNG.sync.write(changes));
  return `${name}: ${(share * 100).toFixed(2)} % of the pixels differ: ${shown}`;
}

/** Opens the page of components, and waits until everything on it is drawn. */
async function drawn(page, theme) {
  await page.goto(`http://127.0.0.1:${server.address().port}/components.html?theme=${theme}`);
  await page.evaluate(() => document.fonts.load("14px Inter"));
  // Editors and charts come later, and are drawn anew with the font that is there by then.
  await page.locator("main canvas").first().waitFor();
  await page.locator("main .cm-mergeView").first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  for (const width of [1_000, 1_100]) {
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(500);
  }
  let [height, before] = [0, -1];
  for (; height !== before; await page.waitForTimeout(500)) [before, height] = [height, await page.evaluate(() => document.documentElement.scrollHeight)];
}

for (const theme of ["light", "dark"]) {
  test(`components look as they did, ${theme}`, async () => {
    const context = await browser.newContext({
      viewport: { width: 1_100, height: 900 },
      colorScheme: theme,
      reducedMotion: "reduce",
      locale: "en-GB",
      timezoneId: "UTC",
    });
    const page = await context.newPage();
    page.problems = [];
    page.on("pageerror", (error) => page.problems.push(error.message));
    await page.clock.setFixedTime(new Date("2026-02-03T12:00:00Z"));
    let wrong = [];
    // What is measured while a font arrives may come out a line higher: what differs is looked at a second time.
    for (let times = 0; times < 3 && (times === 0 || wrong.length > 0); times += 1) {
      await drawn(page, theme);
      wrong = [];
      for (const section of await page.locator("main > section").all()) {
        const title = await section.getByRole("heading").first().textContent();
        const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
        const fault = compared(`${theme}/${name}`, await section.screenshot({ animations: "disabled" }));
        if (fault) wrong.push(fault);
      }
    }
    assert.deepEqual(wrong, []);
    assert.deepEqual(page.problems, []);
    await check(page, `components-${theme}`);
    await context.close();
  });
}
