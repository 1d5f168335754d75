// The page of models in a real browser: what serves and what is built, a call of each model, and the switches of the workspace.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, start, until, workspace } from "./harness.mjs";
import { startModels } from "./model-providers.mjs";

const PAGES = 150;

let browser;
let models;
let server;
let ws;

before(async () => {
  browser = await launch();
  models = await startModels();
  server = await start("sqlite", { CAMPANILE_MEMORY_EMBEDDER: "built-in" });
  ws = await workspace(server);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  models?.stop();
});

const within = (path) => `${server.url}/w/${ws}${path}`;
const overview = async () => (await api(server, "/api/models")).body;

async function at(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  await page.goto(within("/settings/models"));
  await page.getByRole("heading", { name: "Models", level: 1 }).waitFor();
  return page;
}

async function closed(page) {
  assert.deepEqual(page.problems, []);
  await page.context().close();
}

async function tested(page, name) {
  await page.getByRole("button", { name: `Test the ${name}` }).click();
  return page.getByRole("dialog");
}

test("without a provider the built-in model serves, and works", async () => {
  const documents = Array.from({ length: PAGES }, (_, n) => ({
    path: `docs/${n}.md`,
    content: `# Page ${n}\n\nThe gateway of shop ${n} answers late.`,
  }));
  for (let from = 0; from < PAGES; from += 25) {
    const body = JSON.stringify({ documents: documents.slice(from, from + 25) });
    assert.ok((await api(server, "/api/documents", { method: "POST", body })).status < 300);
  }
  await until(async () => (await overview()).vectors.serving?.done === PAGES, "all pages have vectors", 60_000);
  const page = await at();
  await page.getByText("all-MiniLM-L6-v2").waitFor();
  await page.getByText("256 numbers each").waitFor();
  await page.getByText("Apache-2.0").waitFor();
  await page.getByText(`${PAGES} of ${PAGES} have a vector`).waitFor();
  await page.getByText("No provider was called.").waitFor();
  await check(page, "models-built-in");
  const dialog = await tested(page, "model of meaning");
  await dialog.getByText("A vector of 256 numbers.").waitFor();
  await check(page, "models-tested");
  await page.keyboard.press("Escape");
  assert.equal(await page.getByRole("switch", { name: "Classify events" }).isDisabled(), true);
  await closed(page);
});

test("a new model is built while the former one serves, and takes its place", async () => {
  await server.down();
  models.wait = 2_500;
  await server.up({
    CAMPANILE_EMBEDDINGS_URL: models.url,
    CAMPANILE_EMBEDDINGS_MODEL: "bell-embed-3",
    CAMPANILE_RERANK_URL: models.url,
    CAMPANILE_RERANK_KIND: "tei",
    CAMPANILE_LLM_URL: models.url,
    CAMPANILE_LLM_MODEL: "bell-writer",
    CAMPANILE_LLM_KIND: "anthropic",
  });
  const page = await at();
  const phone = await at({ viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true });
  const bar = page.getByRole("progressbar", { name: "Vectors of bell-embed-3" });
  await until(async () => Number(await bar.getAttribute("aria-valuenow").catch(() => 0)) > 0, "it has begun");
  await page.getByText(/about .* left/).waitFor();
  await page.getByText("Serves meanwhile").waitFor();
  await check(page, "models-building");
  await phone.getByRole("progressbar").waitFor();
  await check(phone, "models-building-phone");
  models.wait = 0;
  await page.getByText(/all-MiniLM-L6-v2, kept until/).waitFor();
  assert.equal(await bar.count(), 0);
  assert.equal((await overview()).vectors.serving.name, "bell-embed-3");
  await closed(phone);
  await closed(page);
});

test("each model is tried, with the reason when it does not work", async () => {
  const page = await at();
  await (await tested(page, "language model")).getByText("ready").waitFor();
  await page.keyboard.press("Escape");
  await (await tested(page, "model that orders results")).getByText(/^Relevance 0\.500/).waitFor();
  await page.keyboard.press("Escape");
  models.status = 401;
  const dialog = await tested(page, "model that orders results");
  await dialog.getByRole("heading", { name: "The model does not work" }).waitFor();
  await dialog.getByText("The model refused with status 401.").waitFor();
  models.status = 200;
  await page.keyboard.press("Escape");
  await page.getByRole("cell", { name: "Order of results" }).waitFor();
  await closed(page);
});

test("the switches and the share of meaning are kept, and can be found in the activity", async () => {
  const page = await at();
  await page.getByRole("switch", { name: "Classify events" }).click();
  await until(async () => (await overview()).settings.modelClassification, "it is switched on");
  await page.getByRole("switch", { name: "Summarise clusters" }).click();
  await until(async () => (await overview()).settings.modelSummaries, "summaries are switched on");
  const share = page.getByRole("slider", { name: "Share of meaning" });
  await share.focus();
  for (let times = 0; times < 4; times++) await page.keyboard.press("ArrowLeft");
  await page.getByText("30 % meaning, 70 % words").waitFor();
  await page.getByRole("button", { name: "Save the shares" }).click();
  await until(async () => (await overview()).settings.vectorWeight === 0.3, "the share is kept");
  await page.getByRole("button", { name: "Leave it to the model" }).click();
  await until(async () => (await overview()).settings.vectorWeight === null, "it is the model's again");
  await page.getByText("50 % meaning, 50 % words, as the model has it").waitFor();
  await check(page, "models-switched");
  await page.goto(within("/activity"));
  await page.getByText("Changed the models of a workspace").first().waitFor();
  await closed(page);
});
