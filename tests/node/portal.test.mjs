// The portal in a real browser: opened by a link, without an account, embedded in another page; and the official React
// hooks against the same server.

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

test("a link opens the portal without an account, and everything can be done there", async () => {
  const page = await open(browser);
  const { url } = await access();
  await page.goto(url);
  await page.getByRole("heading", { name: "Endpoints", exact: true }).waitFor();
  await page.getByText("100 % failed").waitFor();

  await page.getByRole("link", { name: "Add endpoint" }).click();
  await page.getByLabel("Address").fill(target.url + "/second");
  await page.getByLabel("Description").fill("From the portal");
  await page.getByRole("checkbox", { name: /invoice\.paid/ }).check();
  await page.getByLabel(/Messages a second/).fill("50");
  await page.getByRole("button", { name: "Add endpoint" }).click();
  await page.getByRole("heading", { name: target.url + "/second" }).waitFor();
  await page.getByText("50 a second").waitFor();

  await page.getByRole("tab", { name: "Testing" }).click();
  await page.getByLabel("Event type").selectOption("invoice.paid");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText(/Sent as msg_/).waitFor();
  await until(() => target.received.some(({ body }) => body === '{"amount":7}'), "the example arrives");
  await page.getByRole("button", { name: "Everything that was never sent" }).click();
  await page.getByText("Begun;").waitFor();
  await page.getByRole("tab", { name: "Overview" }).click();
  await until(async () => (await page.getByRole("region", { name: "Attempts" }).getByText("success").count()) === 6, "what was missed is sent");

  await page.getByRole("tab", { name: "Advanced" }).click();
  await page.getByRole("button", { name: "Show the secret" }).click();
  const before = await page.getByText(/^whsec_[A-Za-z0-9+/=]+$/).textContent();
  await page.getByRole("button", { name: "Replace it" }).click();
  await page.getByText(/^Replaced\./).waitFor();
  await until(async () => (await page.getByText(/^whsec_[A-Za-z0-9+/=]+$/).textContent()) !== before, "the secret is another");
  await page.getByLabel("Name", { exact: true }).fill("x-team");
  await page.getByLabel("Value").fill("blue");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("x-team").waitFor();
  await page.getByLabel("Script").fill("function handler(w) { w.payload.more = true; return w; }");
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByLabel("What would be sent").getByText(/"more":true/).waitFor();
  await page.getByRole("button", { name: "Save and turn on" }).click();
  await page.getByRole("button", { name: "Turn off" }).waitFor();

  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Enable" }).waitFor();
  await page.getByRole("button", { name: "Remove this endpoint" }).click();
  await page.getByRole("button", { name: "Yes, remove this endpoint" }).click();
  await page.getByRole("heading", { name: "Endpoints", exact: true }).waitFor();

  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByLabel("How a text in the payload begins").fill("nobody");
  await page.getByText("No message fits.").waitFor();
  await page.getByLabel("How a text in the payload begins").fill("ada");
  await page.getByRole("link", { name: /invoice\.paid/ }).last().click();
  await page.getByLabel("Payload").getByText(/"who": "Ada"/).waitFor();
  const seen = target.received.length;
  await page.getByRole("region", { name: "Endpoints" }).getByRole("listitem").filter({ has: page.getByRole("link", { name: target.url, exact: true }) }).getByRole("button", { name: "Send again" }).click();
  await until(() => target.received.length === seen + 1, "it is sent again");

  await page.getByRole("link", { name: "Event catalogue" }).click();
  await page.getByText("An invoice was paid").click();
  await page.getByLabel("Example of invoice.paid").getByText('"amount": 7').waitFor();
  // Loaded again, without its fragment, it still knows what it opened.
  await page.goto(`${server.url}/portal/messages`);
  await page.getByRole("heading", { name: "Messages", exact: true }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("who may only look changes nothing", async () => {
  const page = await open(browser);
  const { url } = await access({ capabilities: ["ViewBase"] });
  await page.goto(url);
  await page.getByText("The accounts").click();
  await page.getByRole("heading", { name: target.url }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Pause" }).count(), 0);
  await page.getByRole("tab", { name: "Advanced" }).click();
  await page.getByRole("heading", { name: /Signing secret/ }).waitFor();
  for (const name of ["Show the secret", "Replace it", "Add", "Remove this endpoint"]) {
    assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, name);
  }
  await page.context().close();
});

test("a link that has run out, or is none, says so", async () => {
  const page = await open(browser);
  const { url } = await access({ sessionId: "s1" });
  await post("/auth/app/acme/expire-all", { sessionIds: ["s1"] }, 204);
  await page.goto(url);
  await page.getByText("This link has run out.").waitFor();
  await page.context().close();
  const other = await open(browser);
  await other.goto(`${server.url}/portal#key=nonsense`);
  await other.getByText("This link is not complete.").waitFor();
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
      await page.getByText("Somebody has signed up").waitFor();
      await check(page, name("form"));
      await page.getByRole("link", { name: "Back" }).click();
      await page.getByText("Takes nothing").click();
      await page.getByText("fail", { exact: true }).first().waitFor();
      await page.getByRole("img", { name: "0 delivered and 5 failed in 14 days" }).waitFor();
      await page.getByRole("button", { name: "Show the answer" }).first().click();
      await check(page, name("endpoint"));
      await page.getByRole("tab", { name: "Testing" }).click();
      await page.getByRole("heading", { name: /Send a test event/ }).waitFor();
      await check(page, name("testing"));
      await page.getByRole("tab", { name: "Advanced" }).click();
      await page.getByLabel("Script").waitFor();
      await check(page, name("advanced"));
      await page.getByRole("link", { name: "Messages" }).click();
      await page.getByRole("link", { name: /invoice\.paid/ }).first().waitFor();
      await check(page, name("messages"));
      await page.getByRole("link", { name: /invoice\.paid/ }).last().click();
      await page.getByRole("region", { name: "Attempts" }).getByText("fail", { exact: true }).first().click();
      await check(page, name("message"));
      await page.getByRole("link", { name: "Event catalogue" }).click();
      await page.getByText("An invoice was paid").click();
      await check(page, name("events"));
      await page.context().close();
    });
  }
}
