// The tools for assistants, listed and called by the official clients of the protocol: the TypeScript library of both
// generations, the Python library in both of its modes, and the inspector.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { Client as Client2, StreamableHTTPClientTransport as Transport2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Transport1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { api, deliver, pullRequest, start, until, workspace } from "./harness.mjs";

const run = promisify(execFile);
const HERE = import.meta.dirname;
const INSPECTOR = join(HERE, "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js");
const TOOLS = ["search", "fetch", "related", "graph", "timeline", "find_similar", "answer"];
const ME = { name: "a test", version: "1" };

const servers = {};

before(async () => {
  for (const kind of ["sqlite", "postgres"]) {
    const server = (servers[kind] = await start(kind, { CAMPANILE_MEMORY_EMBEDDER: "built-in" }));
    const body = JSON.stringify({ name: "an assistant", workspace_id: await workspace(server) });
    const made = await api(server, "/api/memory-keys", { method: "POST", body });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    server.key = made.body.secret;
    await deliver(server, "pull_request", pullRequest(41, "Checkout times out", "opened", "ERR_GATEWAY_504 under load."));
    await deliver(server, "pull_request", pullRequest(41, "Checkout times out", "closed", "ERR_GATEWAY_504 under load."));
    const found = async () =>
      (await api(server, "/api/search", { method: "POST", body: JSON.stringify({ query: "ERR_GATEWAY_504" }) })).body;
    const areReady = async () => (await found()).data.length === 2 && (await found()).meta.embedded === 1;
    await until(areReady, "both observations can be found, by words and by meaning");
    server.id = (await found()).data[0].id;
  }
});

after(async () => {
  for (const server of Object.values(servers)) await server.stop();
});

/** A call of each tool that answers, and one that cannot. */
const calls = (server) => [
  ["search", { query: "ERR_GATEWAY_504" }],
  ["fetch", { id: server.id }],
  ["related", { id: server.id }],
  ["graph", { id: server.id, depth: 1 }],
  ["timeline", { actor: "ada" }],
  ["find_similar", { id: server.id }],
  ["answer", { question: "what happened to the checkout?" }],
  ["fetch", { id: "obs_nobody" }],
];

/** Checks the results, which are the same for every client. */
function assertResults(server, results) {
  const [search, fetched, related, graph, timeline, similar, answer, missing] = results;
  for (const result of results.slice(0, TOOLS.length)) {
    assert.ok(!result.isError, JSON.stringify(result));
    assert.equal(result.content.length, 1);
    assert.equal(result.content[0].type, "text");
    assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  }
  assert.equal(search.structuredContent.results.length, 2);
  assert.deepEqual(Object.keys(search.structuredContent.results[0]), ["id", "title", "url", "text"]);
  assert.match(fetched.structuredContent.text, /ERR_GATEWAY_504 under load/);
  assert.equal(fetched.structuredContent.url, "https://github.com/acme/shop/pull/41");
  assert.ok(related.structuredContent.related.length >= 1, JSON.stringify(related));
  assert.equal(graph.structuredContent.nodes[0].id, server.id);
  assert.equal(timeline.structuredContent.events.length, 2);
  assert.equal(similar.structuredContent.results.length, 1);
  assert.notEqual(similar.structuredContent.results[0].id, server.id);
  assert.equal(answer.structuredContent.answered, true);
  assert.match(answer.structuredContent.text, /\[1\]/);
  assert.ok(answer.structuredContent.sources.some(({ id }) => id === server.id), JSON.stringify(answer));
  assert.equal(missing.isError, true);
  assert.match(missing.content[0].text, /use an id from a result of `search`/);
}

const headers = (server) => ({ requestInit: { headers: { authorization: `Bearer ${server.key}` } } });

/** Lists and calls with a TypeScript client. Returns the version that it speaks, which it forgets when it is closed. */
async function typescript(server, client, transport) {
  await client.connect(transport);
  try {
    assert.equal(client.getServerVersion().name, "campanile");
    assert.match(client.getInstructions(), /`search`/);
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
    assert.ok(tools.every((tool) => tool.annotations.readOnlyHint && tool.title && tool.description));
    const results = [];
    for (const [name, args] of calls(server)) results.push(await client.callTool({ name, arguments: args }));
    assertResults(server, results);
    await assert.rejects(client.callTool({ name: "delete_everything", arguments: {} }));
    return client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion;
  } finally {
    await client.close();
  }
}

for (const kind of ["sqlite", "postgres"]) {
  const url = (server) => `${server.url}/mcp`;

  test(`the TypeScript library of the first generation shakes hands, on ${kind}`, async () => {
    const server = servers[kind];
    const transport = new Transport1(new URL(url(server)), headers(server));
    assert.equal(await typescript(server, new Client1(ME), transport), "2025-11-25");
  });

  for (const [mode, version] of [["auto", "2026-07-28"], ["legacy", "2025-11-25"]]) {
    test(`the TypeScript library of the second generation speaks ${version}, on ${kind}`, async () => {
      const server = servers[kind];
      const transport = new Transport2(new URL(url(server)), headers(server));
      const client = new Client2(ME, { versionNegotiation: { mode } });
      assert.equal(await typescript(server, client, transport), version);
    });

    test(`the Python library speaks ${version}, on ${kind}`, async () => {
      const server = servers[kind];
      const script = [join(HERE, "../python/mcp_client.py"), url(server), server.key, mode, JSON.stringify(calls(server))];
      const { stdout } = await run(process.env.CAMPANILE_TEST_PYTHON, script);
      const told = JSON.parse(stdout);
      assert.deepEqual([told.version, told.server, told.tools], [version, "campanile", TOOLS]);
      assertResults(server, told.results);
    });
  }

  test(`the inspector lists and calls, on ${kind}`, async () => {
    const server = servers[kind];
    const inspect = async (...words) => {
      const key = ["--header", `Authorization: Bearer ${server.key}`];
      const { stdout } = await run(process.execPath, [INSPECTOR, "--cli", url(server), "--transport", "http", ...key, ...words]);
      return JSON.parse(stdout);
    };
    const { tools } = await inspect("--method", "tools/list");
    assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
    const results = [];
    for (const [name, args] of calls(server).slice(0, TOOLS.length)) {
      const words = Object.entries(args).flatMap(([field, value]) => ["--tool-arg", `${field}=${value}`]);
      results.push(await inspect("--method", "tools/call", "--tool-name", name, ...words));
    }
    assertResults(server, [...results, { isError: true, content: [{ text: "use an id from a result of `search`" }] }]);
  });
}

test("a client with a wrong key is told so, before anything is listed", async () => {
  const server = servers.sqlite;
  for (const [Client, Transport] of [[Client1, Transport1], [Client2, Transport2]]) {
    const transport = new Transport(new URL(`${server.url}/mcp`), { requestInit: { headers: { authorization: "Bearer mk_nobody" } } });
    await assert.rejects(new Client(ME).connect(transport), /memory key|401|nauthorized/);
  }
});
