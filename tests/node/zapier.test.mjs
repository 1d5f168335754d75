// The app for Zapier, run by Zapier's own library against the server: an account, Zaps that begin, what they do, and what they find.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import zapier from "../../integrations/zapier/index.js";
import { api, deliver, KEY, pullRequest, receiver, release, start, until, workspace } from "./harness.mjs";

const { createAppHandler, createAppTester } = createRequire(new URL("../../integrations/zapier/", import.meta.url))("zapier-platform-core");
const run = createAppTester(zapier);

const { triggers, creates, searches, authentication } = zapier;
const hook = triggers.new_observation.operation;
const messages = triggers.new_message.operation;

/** Runs a step of the app. Its error is an object of the message and the code, as people and Zapier see them. */
async function step(server, method, bundle = {}, authData = { server_url: server.url, api_key: KEY }) {
  return run(method, { authData, inputData: {}, ...bundle });
}

async function refusal(step) {
  const error = await step.then(
    () => assert.fail("it was not refused"),
    (error) => error,
  );
  try {
    return { name: error.name, ...JSON.parse(error.message) };
  } catch {
    return { name: error.name, message: error.message };
  }
}

/** A delivery as Zapier hands it to the app: the names of headers begin with `Http-`. */
const asZapierHandsIt = ({ headers, body }) => ({
  rawRequest: { method: "POST", headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [`Http-${name}`, value])), content: body },
  cleanedRequest: JSON.parse(body),
});

const endpointsOf = async (server, application) => (await api(server, `/api/v1/app/${application}/endpoint`)).body.data;
const tell = (server, observation) => api(server, "/api/observations", { method: "POST", body: JSON.stringify(observation) });

test("the definition is one that Zapier accepts, and samples have the fields of what is real", async () => {
  const { results } = await createAppHandler(zapier)({ command: "validate" });
  assert.deepEqual(results, []);
  const steps = [...Object.values(triggers), ...Object.values(creates), ...Object.values(searches)];
  const shown = steps.filter(({ display }) => !display.hidden);
  assert.deepEqual(shown.map(({ key }) => key), ["new_observation", "new_message", "record_observation", "send_message", "trigger_workflow", "find_in_memory"]);
  const menus = shown.flatMap(({ operation }) => operation.inputFields).flatMap(({ dynamic }) => (dynamic ? [dynamic.split(".")[0]] : []));
  for (const menu of menus) assert.ok(triggers[menu]?.display.hidden, `${menu} is behind a menu`);
});

for (const kind of ["sqlite", "postgres"]) {
  test(`a Zap begins with each observation that fits, and its endpoint goes with it, on ${kind}`, async () => {
    const server = await start(kind);
    const target = await receiver();
    try {
      const ws = await workspace(server);
      const label = await step(server, authentication.test);
      assert.deepEqual(label, { host: new URL(server.url).host, workspaces: "default" });
      assert.deepEqual(await step(server, triggers.workspace_list.operation.perform), [{ id: ws, name: "default" }]);

      const inputData = { workspace: ws, type: "pull_request", topic: "GitHub", min_significance: 10 };
      assert.deepEqual(await step(server, hook.performList, { inputData }), [], "an empty server has no examples of its own");
      const subscribeData = await step(server, hook.performSubscribe, { inputData, targetUrl: target.url });
      const [endpoint] = await endpointsOf(server, ws);
      assert.equal(endpoint.id, subscribeData.id);
      assert.deepEqual(endpoint.filterTypes, ["observation.created"]);
      assert.deepEqual([endpoint.description, endpoint.disabled, endpoint.metadata], ["Zapier: New Observation", false, { via: "zapier" }]);

      await deliver(server, "release", release("1.0"));
      await deliver(server, "pull_request", pullRequest(12, "Sign in with passkeys", "opened", "Members can use one."));
      const sent = await until(() => target.received[0], "the hook is delivered");
      const [item, ...more] = await step(server, hook.perform, { inputData, subscribeData, ...asZapierHandsIt(sent) });
      assert.deepEqual(more, []);
      assert.equal(item.type, "pull_request.opened", "the release does not fit the choices");
      assert.match(item.title, /Sign in with passkeys/);
      assert.match(item.body, /Members can use one\./);
      assert.deepEqual([item.source, item.actor_name, item.url], ["github", "ada", "https://github.com/acme/shop/pull/12"]);
      assert.equal(item.page, `${server.url}/w/${ws}/observations/${item.id}`);
      assert.equal(JSON.parse(sent.body).data.observationId, item.id);
      assert.deepEqual(Object.keys(item), Object.keys(hook.sample), "the sample has the fields of what is real");
      const known = (await api(server, "/api/observations")).body.data;
      assert.equal(known.length, 2, "both were remembered");

      // Its cluster is assigned some seconds later.
      const listed = await step(server, hook.performList, { inputData });
      assert.deepEqual(listed, [{ ...item, cluster_id: listed[0].cluster_id }], "examples are what the hook gives");
      const other = await step(server, hook.performList, { inputData: { workspace: ws, topic: "of no observation" } });
      assert.deepEqual(other, []);

      const forged = asZapierHandsIt({ ...sent, body: sent.body.replace("passkeys", "passwords") });
      const refused = await refusal(step(server, hook.perform, { inputData, subscribeData, ...forged }));
      assert.match(refused.message, /^The delivery was not accepted: /);
      const stale = asZapierHandsIt({ ...sent, headers: { ...sent.headers, "webhook-timestamp": "1700000000" } });
      assert.match((await refusal(step(server, hook.perform, { inputData, subscribeData, ...stale }))).message, /too old/);
      const bare = { rawRequest: { headers: {}, content: sent.body } };
      assert.match((await refusal(step(server, hook.perform, { inputData, subscribeData, ...bare }))).message, /^The delivery was not accepted: /);

      assert.deepEqual(await step(server, hook.performUnsubscribe, { inputData, subscribeData }), { id: endpoint.id });
      assert.deepEqual(await endpointsOf(server, ws), []);
      await step(server, hook.performUnsubscribe, { inputData, subscribeData });
    } finally {
      target.stop();
      await server.stop();
    }
  });
}

let server;
let ws;

before(async () => {
  server = await start("sqlite");
  ws = await workspace(server);
});
after(() => server?.stop());

test("a Zap begins with a message of an event type; on an empty server the type's example stands for one", async () => {
  const target = await receiver();
  const types = await step(server, triggers.event_type_list.operation.perform);
  assert.ok(types.some(({ id }) => id === "cluster.created"));
  const [example] = await step(server, messages.performList, { inputData: { application: ws, event_type: "cluster.created" } });
  assert.equal(example.payload.type, "cluster.created");
  assert.deepEqual(Object.keys(example), Object.keys(messages.sample));

  await api(server, "/api/v1/app", { method: "POST", body: JSON.stringify({ name: "Acme", uid: "acme" }) });
  await api(server, "/api/v1/event-type", { method: "POST", body: JSON.stringify({ name: "invoice.paid", description: "It was paid." }) });
  assert.ok((await step(server, triggers.application_list.operation.perform)).some(({ id, name }) => id === "acme" && name === "Acme"));
  const inputData = { application: "acme", event_type: "invoice.paid", channel: "eu" };
  assert.deepEqual(await step(server, messages.performList, { inputData }), []);
  const subscribeData = await step(server, messages.performSubscribe, { inputData, targetUrl: target.url });
  const send = (more) => step(server, creates.send_message.operation.perform, { inputData: { application: "acme", event_type: "invoice.paid", ...more } });
  await send({ payload: { invoice: "in_1" }, channels: ["us"] });
  const made = await send({ payload_json: '{"invoice":"in_7","text":"{{bundle.authData.api_key}}"}', channels: ["eu"], event_id: "paid-7" });
  assert.deepEqual(Object.keys(made), Object.keys(creates.send_message.operation.sample));
  const sent = await until(() => target.received[0], "the message is delivered");
  const [item] = await step(server, messages.perform, { inputData, subscribeData, ...asZapierHandsIt(sent) });
  assert.deepEqual(item.payload, { invoice: "in_7", text: "{{bundle.authData.api_key}}" }, "texts stay as they are");
  assert.deepEqual([item.id, item.event_type, item.application], [made.id, "invoice.paid", "acme"]);
  const [listed] = await step(server, messages.performList, { inputData });
  assert.deepEqual([listed.id, listed.payload], [item.id, item.payload]);
  assert.equal(target.received.length, 1, "the other channel is not heard");

  assert.match((await refusal(send({ payload_json: "[1]" }))).message, /must be a JSON object/);
  assert.match((await refusal(send({ payload_json: "{" }))).message, /^The payload is not JSON/);
  assert.match((await refusal(send({ payload: {}, event_id: "paid-7" }))).message, /^The server refused it: /);
  await step(server, messages.performUnsubscribe, { inputData, subscribeData });
  assert.deepEqual(await endpointsOf(server, "acme"), []);
  target.stop();
});

test("a subscription that cannot be completed leaves nothing behind", async () => {
  const inputData = { application: ws, event_type: "no.such.type" };
  const refused = await refusal(step(server, messages.performSubscribe, { inputData, targetUrl: "https://hooks.example.com/1" }));
  assert.match(refused.message, /^The server refused it: .*/);
  const tooLong = { workspace: ws, type: "x".repeat(20_000) };
  await refusal(step(server, hook.performSubscribe, { inputData: tooLong, targetUrl: "https://hooks.example.com/1" }));
  assert.deepEqual(await endpointsOf(server, ws), []);
});

test("an observation is recorded once under an id, and found", async () => {
  const record = (inputData) => step(server, creates.record_observation.operation.perform, { inputData: { workspace: ws, ...inputData } });
  const input = {
    title: "Payments are down",
    body: "The gateway answers 502.",
    type: "incident.opened",
    external_id: "outage-7",
    actor_name: "Ada",
    references: [{ reference_type: "issue", reference_id: "ENG-7", is_subject: true }],
    metadata: { severity: "high" },
    url: "",
  };
  const made = await record(input);
  assert.deepEqual(Object.keys(made), Object.keys(creates.record_observation.operation.sample));
  assert.deepEqual([made.type, made.source, made.actor_name], ["incident.opened", "api", "Ada"]);
  assert.equal((await record(input)).id, made.id, "what is recorded again is the first one");
  const { body: stored } = await api(server, `/api/observations/${made.id}`);
  assert.deepEqual([stored.body, stored.metadata.severity, stored.references[0].id], ["The gateway answers 502.", "high", "ENG-7"]);
  assert.match((await refusal(record({ title: "x".repeat(201) }))).message, /^The server refused it: .*title/);

  const find = (inputData) => step(server, searches.find_in_memory.operation.perform, { inputData: { workspace: ws, ...inputData } });
  const [found] = await find({ query: "gateway 502", kinds: ["observation"] });
  assert.equal(found.id, made.id);
  assert.deepEqual(Object.keys(found), Object.keys(searches.find_in_memory.operation.sample));
  assert.deepEqual(await find({ query: "xylophone" }), [], "what is only the nearest is no result");
  assert.match((await refusal(find({ query: "x", limit: 101 }))).message, /^The server refused it: /);
});

test("a workflow is triggered for people, and one that is not there is refused", async () => {
  const document = {
    name: "Hello",
    steps: [{ ref: "feed", type: "channel", channel_key: "in-app", channel_type: "in_app_feed", template: { markdown_body: "{{ text }}" } }],
  };
  const put = await api(server, "/v1/workflows/hello?commit=true", { method: "PUT", body: JSON.stringify({ workflow: document }) });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  assert.ok((await step(server, triggers.workflow_list.operation.perform)).some(({ id, name }) => id === "hello" && name === "Hello"));
  const trigger = (workflow) => step(server, creates.trigger_workflow.operation.perform, { inputData: { workflow, recipients: ["jane"], data: { text: "It rings" } } });
  const made = await trigger("hello");
  assert.deepEqual(Object.keys(made), Object.keys(creates.trigger_workflow.operation.sample));
  const feed = async () => (await api(server, "/v1/users/jane/feeds/in-app")).body?.entries?.[0];
  const entry = await until(feed, "Jane is told");
  assert.match(entry.blocks[0].rendered, /It rings/);
  assert.match((await refusal(trigger("no-such"))).message, /^The server refused it: /);
});

test("a wrong key, a key that may not, and a wrong address are told apart in words", async () => {
  const tried = (authData) => refusal(step(server, authentication.test, {}, { server_url: server.url, api_key: KEY, ...authData }));
  const wrong = await tried({ api_key: "sk_test_wrong_wrong_wrong_wrong_wrong" });
  assert.deepEqual([wrong.name, /does not accept this API key/.test(wrong.message)], ["ExpiredAuthError", true]);
  assert.equal((await tried({ api_key: "" })).code, "KEY");
  assert.equal((await tried({ api_key: "sk_é" })).code, "KEY");
  const { body: memory } = await api(server, "/api/memory-keys", { method: "POST", body: JSON.stringify({ name: "reader", workspace_id: ws }) });
  assert.match((await tried({ api_key: memory.secret })).message, /may not do that|does not accept/);
  assert.match((await tried({ server_url: "http://campanile.example.com" })).message, /must begin with https/);
  assert.match((await tried({ server_url: "no address" })).message, /is no address/);
  assert.match((await tried({ server_url: "http://127.0.0.1:1" })).message, /cannot be reached \(ECONNREFUSED\)/);
  const page = await step(server, authentication.test, {}, { server_url: ` ${server.url}/w/${ws}/home `, api_key: ` ${KEY} ` });
  assert.equal(page.workspaces, "default", "a page of the console stands for its server");
});

test("a server that is none, one that redirects and one that answers without end are refused, and the key follows no redirect", async () => {
  const asked = [];
  const stranger = createServer((request, response) => {
    asked.push(request.url);
    const { pathname, searchParams } = new URL(request.url, "http://stranger");
    if (pathname === "/other") return response.end("{}");
    if (pathname === "/api/workspaces") return response.writeHead(200, { "content-type": "application/json" }).end('{"names":[]}');
    switch (searchParams.get("workspace")) {
      case "redirect":
        return response.writeHead(302, { location: "/other" }).end();
      case "endless":
        // Zapier's own log looks through whatever is JSON, for minutes.
        response.writeHead(200, { "content-type": "application/octet-stream" });
        return response.end(`"${"x".repeat(6 * 1024 * 1024)}"`);
      case "busy":
        return response.writeHead(429, { "retry-after": "7" }).end("{}");
      default:
        return response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>");
    }
  });
  await new Promise((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const account = { server_url: `http://127.0.0.1:${stranger.address().port}`, api_key: KEY };
  const searched = (name) => refusal(step(server, searches.find_in_memory.operation.perform, { inputData: { workspace: name, query: "x" } }, account));
  assert.match((await searched("none")).message, /does not answer like a Campanile server/);
  assert.match((await refusal(step(server, authentication.test, {}, account))).message, /does not answer like a Campanile server/);
  assert.match((await searched("redirect")).message, /redirects to \S*\/other/);
  assert.match((await searched("endless")).message, /more than 5 MiB/);
  assert.deepEqual(await searched("busy").then(({ name, delay }) => [name, delay]), ["ThrottledError", 7]);
  assert.ok(!asked.includes("/other"), "the key goes to no other address");
  stranger.closeAllConnections();
  stranger.close();
});
