// Webhooks within the console, in a real browser: applications, endpoints, messages, event types, operational webhooks.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open, signIn, walkTo } from "./browser.mjs";
import { api, receiver, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let target;
let ws;

before(async () => {
  browser = await launch();
  server = await start("sqlite", { CAMPANILE_WEBHOOKS_RETRY_SCHEDULE: "" });
  target = await receiver();
  ws = await workspace(server);
  for (const [uid, name] of [["acme", "Acme"], ["globex", "Globex"]]) await post("/app", { name, uid }, 201);
  await post("/event-type", {
    name: "invoice.paid",
    description: "An invoice was paid",
    schemas: { 1: { type: "object", properties: { amount: { type: "integer" } }, examples: [{ amount: 7 }] } },
  }, 201);
  await post("/event-type", { name: "user.created", description: "Somebody has signed up", deprecated: true }, 201);
  for (const uid of ["acme", "globex"]) {
    const { id } = await post(`/app/${uid}/endpoint`, { url: "http://127.0.0.1:9/closed", description: "Takes nothing" }, 201);
    for (let n = 0; n < 3; n += 1) await post(`/app/${uid}/msg`, { eventType: "invoice.paid", payload: { amount: n, who: "Ada" }, tags: ["first"] }, 202);
    await until(async () => (await get(`/app/${uid}/attempt/endpoint/${id}`)).data.length === 3, "all were tried");
  }
});

after(async () => {
  await browser?.close();
  target?.stop();
  await server?.stop();
});

async function post(path, body, status) {
  const answer = await api(server, `/api/v1${path}`, { method: "POST", body: JSON.stringify(body) });
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  return answer.body;
}

const get = async (path) => (await api(server, `/api/v1${path}`)).body;
const at = (path) => `${server.url}/w/${ws}${path}`;
/** What an endpoint has not set is answered with 404, and a uid that is taken with 409: the browser notes both. */
const problems = (page) => page.problems.filter((text) => !/404|409/.test(text));
const editor = (page, name) => page.getByRole("textbox", { name, exact: true });

async function signedIn(options) {
  const page = await open(browser, options);
  await signIn(page, server);
  return page;
}

/** Walks with the Tab key to what has a name. */
async function tabTo(page, name) {
  for (let step = 0; step < 120; step += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent?.trim() ?? "");
    if (focused === name) return;
  }
  assert.fail(`${name} is not reached by Tab`);
}

async function palette(page, what) {
  await page.keyboard.press("Control+K");
  await page.getByRole("combobox").last().waitFor();
  await page.keyboard.type(what);
  await page.getByRole("option", { name: what }).first().waitFor();
  await page.keyboard.press("Enter");
}

test("a failing endpoint is repaired, and what it missed is recovered", async () => {
  const page = await signedIn();
  await page.getByRole("link", { name: "Applications" }).click();
  const applications = page.getByRole("grid", { name: "Applications" });
  await applications.getByRole("row").nth(1).getByText("this workspace").waitFor();
  await applications.getByText("Acme", { exact: true }).click();
  await page.getByText("100 % failed").waitFor();
  await page.getByRole("link", { name: "http://127.0.0.1:9/closed" }).click();
  await page.getByRole("heading", { name: "http://127.0.0.1:9/closed" }).waitFor();
  await page.getByRole("tab", { name: "Attempts" }).click();
  await page.getByRole("grid", { name: "Attempts" }).getByText("failed").first().click();
  const panel = page.getByRole("complementary", { name: "invoice.paid" });
  await panel.getByText(/Connection refused/).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Address").fill(target.url);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: target.url }).waitFor();
  const before = target.received.length;
  await page.getByRole("tab", { name: "Testing" }).click();
  await page.getByRole("button", { name: "Recover failed messages" }).click();
  const progress = page.getByRole("status").filter({ hasText: "Recover failed messages" });
  await progress.getByText("finished").waitFor();
  await progress.getByText("3 messages sent again").waitFor();
  await until(() => target.received.length === before + 3, "all three arrive");
  await page.getByRole("navigation", { name: "Path" }).getByRole("link", { name: "Acme" }).click();
  await page.getByRole("tab", { name: "Messages" }).click();
  await until(async () => (await page.getByRole("grid", { name: "Messages" }).getByText("delivered").count()) === 3, "all are delivered");
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("the same by keyboard alone", async () => {
  const page = await signedIn();
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await page.getByRole("grid", { name: "Applications" }).getByText("Globex", { exact: true }).waitFor();
  await walkTo(page, /Globex/);
  await page.keyboard.press("Enter");
  await page.getByText("100 % failed").waitFor();
  await walkTo(page, /127\.0\.0\.1:9\/closed/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "http://127.0.0.1:9/closed" }).waitFor();
  await palette(page, "Edit endpoint");
  await page.getByRole("heading", { name: "Edit endpoint" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === "INPUT");
  await page.keyboard.press("Control+A");
  await page.keyboard.type(`${target.url}/globex`);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: `${target.url}/globex` }).waitFor();
  await palette(page, "Testing and recovery");
  await page.getByRole("button", { name: "Recover failed messages" }).waitFor();
  const before = target.received.length;
  await tabTo(page, "Recover failed messages");
  await page.keyboard.press("Enter");
  await page.getByText("3 messages sent again").waitFor();
  await until(() => target.received.length >= before + 3, "all three arrive");
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("a disabled endpoint says since when and why", async () => {
  const gone = await receiver(410);
  await post("/app", { name: "Umbrella", uid: "umbrella" }, 201);
  const [byServer, byHand] = [
    await post("/app/umbrella/endpoint", { url: gone.url }, 201),
    await post("/app/umbrella/endpoint", { url: target.url }, 201),
  ];
  await post("/app/umbrella/msg", { eventType: "invoice.paid", payload: { amount: 1 } }, 202);
  await until(async () => (await get(`/app/umbrella/endpoint/${byServer.id}`)).disabled, "who is gone is disabled");
  const page = await signedIn();
  await page.goto(at(`/webhooks/applications/umbrella/endpoints/${byServer.id}`));
  await page.getByRole("status").getByText(/^Since .*, because the endpoint asked for it\./).waitFor();
  await page.goto(at(`/webhooks/applications/umbrella/endpoints/${byHand.id}`));
  await page.getByRole("button", { name: "Disable", exact: true }).click();
  await page.getByRole("button", { name: "Disable endpoint" }).click();
  await page.getByRole("status").getByText(/^Since .*, by hand\./).waitFor();
  gone.stop();
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("an application is created, edited, given a portal link, and deleted", async () => {
  const page = await signedIn();
  await page.goto(at("/webhooks/applications"));
  await page.getByRole("button", { name: "New application" }).click();
  const form = page.getByRole("dialog", { name: "New application" });
  await form.getByLabel("Name", { exact: true }).fill("Initech");
  await form.getByLabel("UID").fill("acme");
  await form.getByRole("button", { name: "Create" }).click();
  await form.getByRole("alert").getByText("already exists").waitFor();
  await form.getByLabel("UID").fill("initech");
  await form.getByRole("button", { name: "Add entry" }).click();
  await form.getByLabel("Name of entry 1").fill("plan");
  await form.getByLabel("Value of entry 1").fill("pro");
  await form.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: "Initech", level: 1 }).waitFor();
  await page.getByText("No endpoints yet").waitFor();
  assert.deepEqual((await get("/app/initech")).metadata, { plan: "pro" });

  await page.getByRole("button", { name: "Edit application" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Initech Inc.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Initech Inc.", level: 1 }).waitFor();

  await page.getByRole("tab", { name: "Portal" }).click();
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = await page.getByText(/\/portal#key=/).textContent();
  const portal = await open(browser);
  await portal.goto(link);
  await portal.getByText("No endpoints yet").waitFor();
  await page.getByRole("button", { name: "End all links" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "End all links" }).click();
  await page.getByText("All links of this application have ended").waitFor();
  await portal.goto(link);
  await portal.reload();
  await portal.getByRole("heading", { name: "This link has run out" }).waitFor();
  await portal.context().close();

  await page.getByRole("button", { name: "Delete application" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete application" }).click();
  await page.getByRole("heading", { name: "Applications", level: 1 }).waitFor();
  await page.getByText("Initech Inc.", { exact: true }).waitFor({ state: "detached" });
  const search = page.getByRole("searchbox", { name: "Search names and UIDs" });
  await search.fill("glob");
  await search.press("Enter");
  await until(async () => (await page.getByRole("grid", { name: "Applications" }).getByRole("row").count()) === 2, "only Globex is left");
  assert.match(page.url(), /q=glob/);

  await page.goto(at(`/webhooks/applications/${ws}`));
  await page.getByRole("tab", { name: "Endpoints" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Delete application" }).count(), 0, "the workspace's own stays");
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("a message is sent by hand, and its way through all endpoints is seen", async () => {
  await post("/app/acme/endpoint", { url: "http://127.0.0.1:9/also-closed", filterTypes: ["invoice.paid"] }, 201);
  const page = await signedIn();
  await page.goto(at("/webhooks/applications/acme?tab=messages"));
  await page.getByRole("button", { name: "Send a message" }).click();
  await page.getByLabel("Event type").selectOption("invoice.paid");
  await editor(page, "Payload").getByText("7").waitFor();
  await editor(page, "Payload").fill('{"amount": 12');
  await page.getByRole("button", { name: "Send message" }).click();
  await page.getByText("The payload must be a JSON object.").waitFor();
  await editor(page, "Payload").fill('{"amount": 12}');
  await page.getByLabel("Tags").fill("by-hand");
  await page.getByRole("button", { name: "Send message" }).click();
  await page.getByRole("heading", { name: "invoice.paid", level: 1 }).waitFor();
  const good = page.getByRole("listitem", { name: target.url, exact: true });
  const bad = page.getByRole("listitem", { name: "http://127.0.0.1:9/also-closed" });
  await good.getByText("delivered").first().waitFor();
  await bad.getByText("failed").first().waitFor();
  await bad.getByRole("button", { name: "Show the response" }).click();
  await bad.getByText(/Connection refused/).waitFor();
  const before = target.received.length;
  await good.getByRole("button", { name: "Resend" }).click();
  await until(() => target.received.length === before + 1, "it is sent again");
  await good.getByText("by hand").waitFor();

  // The log finds it by its tag, and the filter stands in the address.
  await page.goto(at("/webhooks/applications/acme?tab=messages"));
  await page.getByRole("grid", { name: "Messages" }).waitFor();
  await page.keyboard.press("f");
  await page.getByRole("button", { name: "Tag", exact: true }).click();
  await page.getByLabel("Tag").fill("by-hand");
  await page.keyboard.press("Enter");
  await page.getByText("1 row").waitFor();
  assert.match(page.url(), /tag=by-hand/);
  await page.reload();
  await page.getByText("1 row").waitFor();
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("an event type has versions of its schema, is archived, and is imported from OpenAPI", async () => {
  const page = await signedIn();
  await page.goto(at("/webhooks/event-types?q=user"));
  await page.getByRole("grid", { name: "Event types" }).getByText("deprecated").waitFor();
  await page.getByRole("link", { name: "New event type" }).click();
  await page.getByLabel("Name", { exact: true }).fill("order.placed");
  await page.getByLabel("Description", { exact: true }).fill("An order was placed");
  await page.getByRole("button", { name: "Add a schema" }).click();
  await editor(page, "Schema of order.placed, version 1").fill('{"type": "object", "properties": {"total": {"type": "integer", "minimum": 42}}}');
  await page.getByRole("region", { name: "Example", exact: true }).getByText("42").waitFor();
  await page.getByRole("button", { name: "Create event type" }).click();
  await page.getByRole("heading", { name: "order.placed" }).waitFor();
  await page.getByRole("button", { name: "New version" }).click();
  await editor(page, "Schema of order.placed, version 2").fill('{"type": "object", "properties": {"total": {"type": "string"}}}');
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await until(async () => Object.keys((await get("/event-type/order.placed")).schemas).length === 2, "both versions are kept");
  await page.getByRole("button", { name: "Archive" }).click();
  await page.getByText("archived", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("active", { exact: true }).waitFor();

  await page.goto(at("/webhooks/event-types?new=import"));
  const window = page.getByRole("dialog", { name: "Import an OpenAPI document" });
  const spec = { openapi: "3.1.0", info: { title: "t", version: "1" }, webhooks: { "refund.made": { post: { description: "A refund was made", requestBody: { content: { "application/json": { schema: { type: "object" } } } } } } } };
  await editor(window, "OpenAPI document").fill(JSON.stringify(spec));
  await window.getByRole("button", { name: "Preview" }).click();
  await window.getByRole("region", { name: "What would be imported" }).getByText("A refund was made").waitFor();
  assert.equal((await api(server, "/api/v1/event-type/refund.made")).status, 404, "looking imports nothing");
  await window.getByRole("button", { name: "Import 1 event type" }).click();
  await page.getByText("1 event type imported").waitFor();
  await page.goto(at("/webhooks/event-types?q=refund"));
  await page.getByRole("grid", { name: "Event types" }).getByText("refund.made").waitFor();
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("an operational endpoint is added, told less, and removed", async () => {
  const page = await signedIn();
  await page.goto(at("/webhooks/operational"));
  await page.getByText("No operational endpoints yet").waitFor();
  await page.getByRole("button", { name: "Add endpoint" }).click();
  const form = page.getByRole("dialog", { name: "Add operational endpoint" });
  await form.getByLabel("Address").fill(`${target.url}/operations`);
  await form.getByRole("button", { name: "Chosen events" }).click();
  await form.getByRole("checkbox", { name: "endpoint.disabled" }).check();
  await form.getByRole("button", { name: "Add endpoint" }).click();
  await page.getByRole("grid", { name: "Operational endpoints" }).getByText("1 chosen").click();
  const panel = page.getByRole("complementary", { name: `${target.url}/operations` });
  await panel.getByText("endpoint.disabled").waitFor();
  await panel.getByRole("button", { name: "Show the secret" }).click();
  await panel.getByText(/^whsec_[A-Za-z0-9+/=]+$/).waitFor();
  await panel.getByRole("button", { name: "Add header" }).click();
  await panel.getByLabel("Name of header 1").fill("x-team");
  await panel.getByLabel("Value of header 1").fill("blue");
  await panel.getByRole("button", { name: "Save headers" }).click();
  await page.getByText("The headers are saved").waitFor();
  await panel.getByRole("button", { name: "Disable" }).click();
  await panel.getByText("disabled", { exact: true }).waitFor();
  await panel.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete endpoint" }).click();
  await page.getByText("No operational endpoints yet").waitFor();
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("who may only look finds no control that would be refused", async () => {
  const person = { email: "staff@example.com", password: "another horse battery" };
  assert.equal((await api(server, "/api/members", { method: "POST", body: JSON.stringify({ ...person, role: "staff" }) })).status, 201);
  const page = await open(browser);
  await page.request.post(`${server.url}/api/session`, { data: person, headers: { origin: server.url } });
  for (const [path, ready, controls] of [
    ["/webhooks/applications", "Acme", ["New application"]],
    ["/webhooks/applications/acme", "http://127.0.0.1:9/also-closed", ["Edit application", "Delete application"]],
    ["/webhooks/event-types", "invoice.paid", ["Import OpenAPI"]],
    ["/webhooks/event-types/invoice.paid", "An invoice was paid", ["Save", "Archive", "Delete"]],
  ]) {
    await page.goto(at(path));
    await page.getByText(ready).first().waitFor();
    for (const name of controls) assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, `${path}: ${name}`);
  }
  await page.context().close();
});

for (const theme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`the pages of webhooks are readable and fit, ${theme} at ${width} px`, async () => {
      const page = await signedIn({ viewport: { width, height: 844 }, colorScheme: theme, reducedMotion: "reduce" });
      const endpoint = (await get("/app/acme/endpoint")).data.find(({ url }) => url === "http://127.0.0.1:9/also-closed").id;
      const message = (await get("/app/acme/msg")).data[0].id;
      const acme = "/webhooks/applications/acme";
      for (const [name, path, ready] of [
        ["applications", "/webhooks/applications", () => page.getByText("Acme", { exact: true })],
        ["application-form", "/webhooks/applications?new=application", () => page.getByRole("dialog")],
        ["endpoints", acme, () => page.getByText(/failed/).first()],
        ["messages", `${acme}?tab=messages`, () => page.getByText("by-hand")],
        ["catalogue", `${acme}?tab=catalogue&event=invoice.paid`, () => page.getByText("An invoice was paid")],
        ["portal", `${acme}?tab=portal`, () => page.getByText("Make a link")],
        ["endpoint", `${acme}/endpoints/${endpoint}`, () => page.getByRole("figure", { name: "Attempts" })],
        ["attempts", `${acme}/endpoints/${endpoint}?tab=attempts`, () => page.getByText("failed").first()],
        ["testing", `${acme}/endpoints/${endpoint}?tab=testing`, () => page.getByText("Send an example")],
        ["advanced", `${acme}/endpoints/${endpoint}?tab=advanced`, () => editor(page, "Script")],
        ["endpoint-form", `${acme}/endpoints/new`, () => page.getByLabel("Address")],
        ["message", `${acme}/messages/${message}`, () => page.getByText("Accepted").first()],
        ["new-message", `${acme}/messages/new`, () => editor(page, "Payload")],
        ["event-types", "/webhooks/event-types", () => page.getByText("invoice.paid")],
        ["event-type", "/webhooks/event-types/invoice.paid", () => editor(page, "Schema of invoice.paid, version 1")],
        ["import", "/webhooks/event-types?new=import", () => editor(page, "OpenAPI document")],
        ["operational", "/webhooks/operational", () => page.getByText("No operational endpoints yet")],
      ]) {
        await page.goto(at(path));
        await ready().waitFor();
        await check(page, `webhooks-${name}-${theme}-${width}`);
      }
      assert.deepEqual(problems(page), []);
      await page.context().close();
    });
  }
}
