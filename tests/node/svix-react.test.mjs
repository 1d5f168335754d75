// The official React hooks, in a real browser, on another site's page, with an application's token.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { build } from "esbuild";

import { launch, open } from "./browser.mjs";
import { api, receiver, start, until } from "./harness.mjs";

const PAGE = `
  import { createElement as h } from "react";
  import { createRoot } from "react-dom/client";
  import { AppPortal, SvixProvider, useEndpoint, useEndpointMessageAttempts, useEndpoints, useEndpointSecret, useEndpointStats, useEventTypes, useMessages, useNewEndpoint } from "svix-react";

  const { token, portal, url, made } = window.given;

  const WITH_MESSAGES = { withMsg: true };

  function Endpoints() {
    const endpoints = useEndpoints();
    const types = useEventTypes();
    const messages = useMessages();
    const all = endpoints.data ?? [];
    return h("section", null,
      h("p", { id: "types" }, (types.data ?? []).map((type) => type.name).join(" ")),
      h("p", { id: "messages" }, String((messages.data ?? []).length)),
      all.map((endpoint) => h(Endpoint, { key: endpoint.id, id: endpoint.id })),
      h(New, { done: endpoints.reload }));
  }
  function Endpoint({ id }) {
    const endpoint = useEndpoint(id);
    const stats = useEndpointStats(id);
    const secret = useEndpointSecret(id);
    const attempts = useEndpointMessageAttempts(id, WITH_MESSAGES);
    return h("article", null,
      h("h2", null, endpoint.data?.url),
      h("p", { className: "stats" }, "delivered " + stats.data?.success),
      h("p", { className: "secret" }, secret.data?.key),
      h("ul", null, (attempts.data ?? []).map((attempt) => h("li", { key: attempt.id }, attempt.msg?.eventType + " " + attempt.responseStatusCode))));
  }
  function New({ done }) {
    const fresh = useNewEndpoint();
    const make = async () => {
      fresh.url.setValue(made);
      fresh.eventTypes.setValue(["a.b"]);
      // What is set shows with the next picture.
      setTimeout(() => document.querySelector("#really").click());
    };
    const really = async () => { const { error } = await fresh.createEndpoint(); document.querySelector("#made").textContent = error?.message ?? "made"; done(); };
    return h("p", null, h("button", { onClick: make }, "make"), h("button", { id: "really", onClick: really }, "really"), h("span", { id: "made" }));
  }
  const App = () => h("main", null,
    h(SvixProvider, { token, appId: "acme", options: { serverUrl: url } }, h(Endpoints)),
    h(AppPortal, { url: portal, fullSize: true, darkMode: false }));
  createRoot(document.body.appendChild(document.createElement("div"))).render(h(App));
`;

let browser;
let server;
let target;

before(async () => {
  browser = await launch();
  server = await start("sqlite");
  target = await receiver();
  await post("/app", { name: "Acme", uid: "acme" });
  await post("/event-type", { name: "a.b", description: "for tests" });
  const { id } = await post("/app/acme/endpoint", { url: target.url });
  for (let n = 0; n < 3; n += 1) await post("/app/acme/msg", { eventType: "a.b", payload: { n } });
  const tried = async () => (await api(server, `/api/v1/app/acme/attempt/endpoint/${id}`)).body.data.length === 3;
  await until(tried, "all were tried");
});

after(async () => {
  await browser?.close();
  target?.stop();
  await server?.stop();
});

async function post(path, body) {
  const answer = await api(server, `/api/v1${path}`, { method: "POST", body: JSON.stringify(body) });
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
  return answer.body;
}

// The 1.x line wants a `process` to be there; the 2.x line does not.
for (const [line, library] of [["1.x", "svix"], ["2.x", "svix2"]]) {
  test(`svix-react shows endpoints and attempts, over svix ${line}`, async (t) => {
    const { url: portal, token } = await post("/auth/app-portal-access/acme", {});
    const bundle = await build({
      stdin: { contents: PAGE, resolveDir: import.meta.dirname },
      alias: { svix: library },
      bundle: true,
      write: false,
      format: "iife",
      define: { "process.env.NODE_ENV": '"production"', "process.version": '""' },
      logLevel: "error",
    });
    const given = { token, portal, url: server.url, made: `${target.url}/${library}` };
    const html = `<!doctype html><body><script>window.process = { env: {} }; window.given = ${JSON.stringify(given)};</script><script src="/page.js"></script>`;
    const host = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
      response.end(isScript ? bundle.outputFiles[0].text : html);
    });
    await new Promise((resolve) => host.listen(0, "127.0.0.1", resolve));
    const page = await open(browser);
    t.after(async () => {
      await page.context().close();
      host.closeAllConnections();
      host.close();
    });
    await page.goto(`http://localhost:${host.address().port}`);
    const article = page.locator("article").filter({ has: page.getByRole("heading", { name: target.url, exact: true }) });
    await article.getByText("delivered 3").waitFor();
    await article.getByText(/^whsec_/).waitFor();
    await article.getByText("a.b 204").nth(2).waitFor();
    await page.locator("#types").getByText(/a\.b/).waitFor();
    await page.locator("#messages").getByText("3").waitFor();
    await page.getByRole("button", { name: "make" }).click();
    await page.locator("#made").getByText("made").waitFor();
    await page.getByRole("heading", { name: `${target.url}/${library}` }).waitFor();
    await page.frameLocator("iframe").getByRole("heading", { name: "Endpoints", exact: true }).waitFor();
    await until(async () => (await page.locator("iframe").boundingBox()).height > 200, "the portal tells its height");
    assert.deepEqual(page.problems, []);
  });
}
