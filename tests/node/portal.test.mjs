// The portal in a real browser: opened by a link, without an account, embedded in another page.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { check, launch, open } from "./browser.mjs";
import { api, receiver, start, until } from "./harness.mjs";

let browser;
let server;
let target;
let endpoint;

before(async () => {
  browser = await launch();
  server = await start("sqlite", { CAMPANILE_WEBHOOKS_RETRY_SCHEDULE: "" });
  target = await receiver();
  await post("/app", { name: "Acme", uid: "acme" }, 201);
  await post("/event-type", {
    name: "invoice.paid",
    description: "An invoice was paid",
    schemas: { 1: { type: "object", properties: { amount: { type: "integer" } }, examples: [{ amount: 7 }] } },
  }, 201);
  await post("/event-type", { name: "user.created", description: "Somebody has signed up" }, 201);
  endpoint = (await post("/app/acme/endpoint", { url: target.url, description: "The accounts" }, 201)).id;
  const closed = await post("/app/acme/endpoint", { url: "http://127.0.0.1:9/closed", description: "Takes nothing" }, 201);
  for (let n = 0; n < 5; n += 1) await post("/app/acme/msg", { eventType: "invoice.paid", payload: { amount: n, who: "Ada" } }, 202);
  await until(async () => (await attempts(closed.id)).length === 5 && (await attempts(endpoint)).length === 5, "all were tried");
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

async function attempts(id) {
  return (await api(server, `/api/v1/app/acme/attempt/endpoint/${id}`)).body.data;
}

const access = (asked = {}) => post("/auth/app-portal-access/acme", asked, 200);
/** What an endpoint has not set is answered with 404, which the browser notes. */
const problems = (page) => page.problems.filter((text) => !/404/.test(text));
const editor = (page, name) => page.getByRole("textbox", { name, exact: true });

test("a link opens the portal without an account, and everything can be done there", async () => {
  const page = await open(browser);
  const { url } = await access();
  await page.goto(url);
  await page.getByRole("heading", { name: "Endpoints", exact: true }).waitFor();
  await page.getByText("100 % failed").waitFor();

  await page.getByRole("link", { name: "Add endpoint" }).click();
  await page.getByLabel("Address").fill("http://localhost:3000/hook");
  await page.getByRole("status").getByText("an address of a private network").waitFor();
  await page.getByLabel("Address").fill(`${target.url}/second`);
  await page.getByLabel("Description").fill("From the portal");
  await page.getByRole("button", { name: "Chosen events" }).click();
  await page.getByRole("checkbox", { name: "invoice.paid" }).check();
  await page.getByLabel("Rate limit").fill("50");
  await page.getByRole("button", { name: "Add endpoint" }).click();
  await page.getByRole("heading", { name: `${target.url}/second` }).waitFor();
  await page.getByText("50 a second").waitFor();

  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("heading", { name: "Edit endpoint" }).waitFor();
  await page.getByLabel("Rate limit").fill("60");
  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("60 a second").waitFor();

  await page.getByRole("tab", { name: "Testing" }).click();
  await page.getByLabel("Event type").selectOption("invoice.paid");
  await page.getByRole("button", { name: "Send example" }).click();
  await page.getByText(/Sent as msg_/).waitFor();
  await until(() => target.received.some(({ body }) => body === '{"amount":7}'), "the example arrives");
  await page.getByRole("button", { name: "Missing" }).click();
  await page.getByRole("button", { name: "Replay missing messages" }).click();
  await page.getByText("Replay missing messages: begun").waitFor();
  const second = /ep_\w+/.exec(page.url())[0];
  await until(async () => (await attempts(second)).length === 6, "what was missed is sent");
  await page.getByRole("tab", { name: "Attempts" }).click();
  await until(async () => (await page.getByRole("grid", { name: "Attempts" }).getByText("delivered").count()) === 6, "and seen");

  await page.getByRole("tab", { name: "Advanced" }).click();
  await page.getByRole("button", { name: "Show the secret" }).click();
  const secret = page.getByText(/^whsec_[A-Za-z0-9+/=]+$/);
  const before = await secret.textContent();
  await page.getByRole("button", { name: "Rotate" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Rotate secret" }).click();
  await page.getByText("The secret is rotated.").waitFor();
  await until(async () => (await secret.textContent()) !== before, "the secret is another");
  await page.getByLabel("Name", { exact: true }).fill("x-team");
  await page.getByLabel("Value", { exact: true }).fill("blue");
  await page.getByRole("button", { name: "Add header" }).click();
  await page.getByText("x-team").waitFor();
  await editor(page, "Script").fill("function handler(w) { w.payload.more = true; return w; }");
  await page.getByRole("button", { name: "Try", exact: true }).click();
  await page.getByLabel("What would be sent").getByText("more").waitFor();
  await page.getByRole("button", { name: "Save and turn on" }).click();
  await page.getByRole("switch", { name: "Transformation is on" }).waitFor();

  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByRole("button", { name: "Disable endpoint" }).click();
  await page.getByText("Disabled: nothing is sent to this endpoint.").waitFor();
  await page.getByRole("button", { name: "Enable" }).waitFor();
  await page.getByRole("button", { name: "Delete endpoint" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete endpoint" }).click();
  await page.getByRole("heading", { name: "Endpoints", exact: true }).waitFor();

  await page.getByRole("link", { name: "Messages" }).click();
  const search = page.getByRole("searchbox", { name: "Payload value begins with" });
  await search.fill("nobody");
  await search.press("Enter");
  await page.getByText("Nothing fits these filters.").waitFor();
  await search.fill("ada");
  await search.press("Enter");
  const messages = page.getByRole("grid", { name: "Messages" });
  await messages.getByText("failed").first().waitFor();
  await messages.getByText("invoice.paid").last().click();
  await page.getByLabel("Payload").getByText('"Ada"').waitFor();
  const seen = target.received.length;
  await page.getByRole("listitem", { name: target.url, exact: true }).getByRole("button", { name: "Resend" }).click();
  await until(() => target.received.length === seen + 1, "it is sent again");

  await page.getByRole("link", { name: "Event catalogue" }).click();
  await page.getByRole("button", { name: /invoice\.paid/ }).click();
  await page.getByLabel("Example of invoice.paid").getByText("7", { exact: true }).waitFor();
  // Loaded again, without its fragment, it still knows what it opened.
  await page.goto(`${server.url}/portal/messages`);
  await page.getByRole("heading", { name: "Messages", exact: true }).waitFor();
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("an attempt is opened beside the list: what was sent, what was answered, how long it took", async () => {
  const page = await open(browser);
  const { url } = await access();
  await page.goto(url);
  await page.getByText("Takes nothing").click();
  await page.getByRole("tab", { name: "Attempts" }).click();
  await page.getByRole("grid", { name: "Attempts" }).getByRole("row").nth(2).click();
  const panel = page.getByRole("complementary", { name: "invoice.paid" });
  await panel.getByRole("region", { name: "Request", exact: true }).getByText("POST http://127.0.0.1:9/closed").waitFor();
  await panel.getByRole("region", { name: "Request body", exact: true }).getByText('"Ada"').waitFor();
  await panel.getByLabel("Response body").waitFor();
  await panel.getByText("Next attempt").waitFor();
  assert.match(page.url(), /open=atmpt_/);
  // A filter leaves what fits, and stands in the address.
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("button", { name: "Result", exact: true }).click();
  await page.getByRole("button", { name: "Delivered", exact: true }).click();
  await page.getByText("Nothing fits these filters.").waitFor();
  assert.match(page.url(), /status=0/);
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("who may only look changes nothing", async () => {
  const page = await open(browser);
  const { url } = await access({ capabilities: ["ViewBase"] });
  await page.goto(url);
  await page.getByText("The accounts").click();
  await page.getByRole("heading", { name: target.url }).waitFor();
  for (const name of ["Disable", "Edit"]) assert.equal(await page.getByRole("button", { name }).count(), 0, name);
  await page.getByRole("tab", { name: "Testing" }).click();
  await page.getByText("You may look at this endpoint, but not send to it.").waitFor();
  await page.getByRole("tab", { name: "Advanced" }).click();
  await page.getByText("You may not see the secret.").waitFor();
  for (const name of ["Show the secret", "Rotate", "Add header", "Delete endpoint", "Set up", "Save and turn on"]) {
    assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, name);
  }
  await page.context().close();
});

test("a link that has run out, or is none, says so", async () => {
  const page = await open(browser);
  const { url } = await access({ sessionId: "s1" });
  await post("/auth/app/acme/expire-all", { sessionIds: ["s1"] }, 204);
  await page.goto(url);
  await page.getByRole("heading", { name: "This link has run out" }).waitFor();
  await page.context().close();
  const other = await open(browser);
  await other.goto(`${server.url}/portal#key=nonsense`);
  await other.getByRole("heading", { name: "This link is not complete" }).waitFor();
  await check(other, "portal-closed");
  await other.context().close();
});

test("another page embeds it, in its own colours, as high as it is", async (t) => {
  const { url } = await access();
  const [address, fragment] = url.split("#");
  const framed = `${address}?darkMode=true&primaryColor=28a745&noGutters=true#${fragment}`;
  const html = `<!doctype html><iframe src="${framed}" style="width: 100%"></iframe><script>
    addEventListener("message", ({ data }) => {
      if (data.type === "svix.iframe-resizer-height") document.querySelector("iframe").style.height = data.payload.height + "px";
    });</script>`;
  const host = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end(html));
  await new Promise((resolve) => host.listen(0, "127.0.0.1", resolve));
  const page = await open(browser);
  t.after(async () => {
    await page.context().close();
    host.closeAllConnections();
    host.close();
  });
  await page.goto(`http://localhost:${host.address().port}`);
  const frame = page.frameLocator("iframe");
  await frame.getByText("The accounts").waitFor();
  const style = await frame.locator("html").evaluate((root) => [root.className, root.style.getPropertyValue("--bronze"), root.style.getPropertyValue("--on-bronze")]);
  assert.deepEqual(style, ["dark", "#28a745", "#111"]);
  await until(async () => (await page.locator("iframe").boundingBox()).height > 200, "the frame is as high as the portal");
  const height = async () => (await page.locator("iframe").boundingBox()).height;
  const before = await height();
  await page.waitForTimeout(1_000);
  assert.equal(await height(), before, "it stays as high as it is");
  assert.deepEqual(page.problems, []);
});

for (const theme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`the portal is readable and fits, ${theme} at ${width} px`, async () => {
      const page = await open(browser, { viewport: { width, height: 844 }, colorScheme: theme, reducedMotion: "reduce" });
      const { url } = await access();
      const name = (what) => `portal-${what}-${theme}-${width}`;
      await page.goto(url);
      await page.getByText("100 % failed").waitFor();
      await check(page, name("endpoints"));
      await page.getByRole("link", { name: "Add endpoint" }).click();
      await page.getByRole("button", { name: "Chosen events" }).click();
      await page.getByText("Somebody has signed up").waitFor();
      await check(page, name("form"));
      await page.goBack();
      await page.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
      await page.getByText("http://127.0.0.1:9/closed").click();
      await page.getByRole("figure", { name: "Attempts" }).waitFor();
      await check(page, name("endpoint"));
      await page.getByRole("tab", { name: "Attempts" }).click();
      await page.getByRole("grid", { name: "Attempts" }).getByText("failed").first().waitFor();
      await check(page, name("attempts"));
      await page.getByRole("grid", { name: "Attempts" }).getByText("failed").first().click();
      await page.getByRole("region", { name: "Request body", exact: true }).waitFor();
      await check(page, name("attempt"));
      await page.getByRole("button", { name: "Close" }).click();
      await page.getByRole("tab", { name: "Testing" }).click();
      await page.getByRole("heading", { name: /Send an example/ }).waitFor();
      await check(page, name("testing"));
      await page.getByRole("tab", { name: "Advanced" }).click();
      await editor(page, "Script").waitFor();
      await check(page, name("advanced"));
      await page.getByRole("link", { name: "Messages" }).click();
      await page.getByRole("grid", { name: "Messages" }).getByText("invoice.paid").first().waitFor();
      await check(page, name("messages"));
      await page.getByRole("grid", { name: "Messages" }).getByText("invoice.paid").last().click();
      await page.getByRole("button", { name: "Show the response" }).first().click();
      await check(page, name("message"));
      await page.getByRole("link", { name: "Event catalogue" }).click();
      await page.getByRole("button", { name: /An invoice was paid/ }).click();
      await check(page, name("events"));
      assert.deepEqual(problems(page), []);
      await page.context().close();
    });
  }
}
