// The page of questions in a real browser: asking, opening what an answer cites, asking on, coming back, and deleting.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, deliver, pullRequest, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let ws;

before(async () => {
  browser = await launch();
  server = await start("sqlite");
  ws = await workspace(server);
  await deliver(server, "pull_request", pullRequest(41, "Checkout times out under load", "opened", "The payment gateway gives up after thirty seconds. A retry helps for a while."));
  await deliver(server, "pull_request", pullRequest(42, "Dark mode", "opened", "The settings page is too bright."));
  await until(async () => (await api(server, "/api/observations")).body.data.length === 2, "two observations");
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const within = (path) => `${server.url}/w/${ws}${path}`;

test("a question is answered with sources that open, and asked on", async () => {
  const page = await openPage(browser);
  await signIn(page, server);
  await page.goto(within("/ask"));
  await page.getByRole("heading", { name: "Ask about what happened" }).waitFor();
  await check(page, "ask-first");
  const field = page.getByRole("textbox", { name: "Question" });
  await field.fill("Why does the payment gateway give up?");
  await field.press("Enter");
  const first = page.getByRole("article", { name: "Why does the payment gateway give up?" });
  await first.getByText("gives up after thirty seconds").waitFor();
  await first.getByRole("button", { name: /^Source 1/ }).waitFor();
  await until(() => page.url().includes("session=ans_"), "the session stands in the address");
  await check(page, "ask-answer");
  await first.getByRole("button", { name: /^Source 1/ }).click();
  await page.getByRole("heading", { name: "Checkout times out under load" }).waitFor();
  await check(page, "ask-open");
  await page.keyboard.press("Escape");
  await first.getByRole("button", { name: "It helped", exact: true }).click();
  await until(async () => (await api(server, "/api/feedback")).body.data[0]?.verdict === "good", "feedback is stored");

  await field.fill("what is the status of it, #41?");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  const second = page.getByRole("article", { name: "what is the status of it, #41?" });
  await second.getByText("status open").waitFor();
  assert.equal(await page.getByRole("article").count(), 2);

  await page.reload();
  await second.getByText("status open").waitFor();
  await page.getByRole("button", { name: "New" }).click();
  await page.getByRole("heading", { name: "Ask about what happened" }).waitFor();
  await page.getByRole("button", { name: "Earlier" }).click();
  await page.getByRole("menuitem", { name: /Why does the payment gateway/ }).click();
  await first.waitFor();
  await page.getByRole("button", { name: "Delete this conversation" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("heading", { name: "Ask about what happened" }).waitFor();
  assert.deepEqual((await api(server, "/api/answer")).body.data, []);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("what has no answer says so, what is too long cannot be asked, and it fits a phone in the dark", async () => {
  const page = await openPage(browser, { viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  await signIn(page, server);
  await page.goto(within("/ask?q=zeppelin%20hangar%20mooring"));
  const field = page.getByRole("textbox", { name: "Question" });
  await until(async () => (await field.inputValue()) === "zeppelin hangar mooring", "the question stands there");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByText("Nothing in this workspace matches.").waitFor();
  await field.fill("why does the checkout time out under load");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByText("gives up after thirty seconds").waitFor();
  await check(page, "ask-phone");
  await field.fill("x".repeat(1_001));
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByRole("button", { name: "Ask", exact: true }).isDisabled(), true);
  await check(page, "ask-phone-long");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("an observation shows what held when", async () => {
  const page = await openPage(browser);
  await signIn(page, server);
  const found = (await api(server, "/api/observations")).body.data.find(({ title }) => title.includes("Checkout"));
  await page.goto(within(`/observations/${found.id}`));
  const states = page.getByRole("region", { name: "States" });
  await states.getByText("open", { exact: true }).waitFor();
  await check(page, "observation-states");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
