// An account at Linear is connected, used and disconnected, against an emulator that others wrote. It verifies PKCE, takes
// a code and a refresh token once, and knows what was revoked. A proxy before it shortens the life of tokens, so that they
// are refreshed within the test.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { createEmulator } from "emulate";

import { api, freePort, OWNER, start, until } from "./harness.mjs";

const CLIENT = { id: "campanile-client", secret: "campanile-secret" };
const servers = {};
const asked = [];
let emulator, proxy, linear;

/** Passes everything on to the emulator. Tokens live for a second, and what the token endpoint was asked is noted. */
async function startProxy(target) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const { host, connection, "content-length": length, ...headers } = request.headers;
    const init = { method: request.method, headers, body: body || undefined, redirect: "manual" };
    const answer = await fetch(target + request.url, init);
    let text = await answer.text();
    if (request.url === "/oauth/token") {
      const tokens = JSON.parse(text);
      asked.push({ form: Object.fromEntries(new URLSearchParams(body)), status: answer.status, tokens });
      if (tokens.access_token) text = JSON.stringify({ ...tokens, expires_in: 1 });
    }
    if (request.url === "/oauth/revoke") asked.push({ revoked: new URLSearchParams(body).get("token") });
    const kept = ["content-type", "location"].filter((name) => answer.headers.has(name));
    response.writeHead(answer.status, Object.fromEntries(kept.map((name) => [name, answer.headers.get(name)])));
    response.end(text);
  });
  const port = await freePort();
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${port}` };
}

before(async () => {
  // The emulator has to know the addresses of return, which the servers tell.
  const redirects = [];
  const port = await freePort();
  linear = `http://127.0.0.1:${port}`;
  ({ server: proxy, url: linear } = await startProxy(linear));
  for (const kind of ["sqlite", "postgres"]) {
    servers[kind] = await start(kind, {
      CAMPANILE_CONNECTOR_LINEAR_CLIENT_ID: CLIENT.id,
      CAMPANILE_CONNECTOR_LINEAR_CLIENT_SECRET: CLIENT.secret,
      CAMPANILE_CONNECTOR_LINEAR_API_URL: linear,
      CAMPANILE_CONNECTOR_LINEAR_WEB_URL: linear,
    });
    const { body } = await api(servers[kind], "/api/connectors");
    redirects.push(body.data.find((connector) => connector.provider === "linear").redirect_uri);
  }
  const seed = {
    organization: { name: "Acme", url_key: "acme" },
    users: [{ email: "admin@example.com", name: "Admin", admin: true }],
    teams: [
      { key: "ENG", name: "Engineering" },
      { key: "OPS", name: "Operations" },
    ],
    oauth_apps: [
      { client_id: CLIENT.id, client_secret: CLIENT.secret, name: "Campanile", redirect_uris: redirects, scopes: ["read"], actor: "user" },
    ],
    tokens: ["lin_api_key", "lin_api_revoked"].map((token) => ({ token, user: "admin@example.com", scopes: ["read"] })),
    strict_scopes: true,
  };
  emulator = await createEmulator({ service: "linear", port, seed: { linear: seed } });
  const body = new URLSearchParams({ token: "lin_api_revoked" });
  await fetch(`${emulator.url}/oauth/revoke`, { method: "POST", body });
});

after(async () => {
  for (const server of Object.values(servers)) await server.stop();
  await emulator?.close();
  proxy?.close();
});

async function signIn(server) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${server.url}/api/session`, { method: "POST", headers, body: JSON.stringify(OWNER) });
  return response.headers.get("set-cookie").split(";")[0];
}

/** Consents on the emulator's page, as a person does with its button. Returns the address that it leads back to. */
async function consent(page) {
  const url = new URL(page);
  const shown = await (await fetch(page)).text();
  assert.match(shown, /Campanile/);
  const form = new URLSearchParams(url.searchParams);
  const user = /name="user_ref" value="([^"]+)"/.exec(shown);
  if (user) form.set("user_ref", user[1]);
  const answer = await fetch(`${url.origin}/oauth/authorize/callback`, { method: "POST", body: form, redirect: "manual" });
  assert.equal(answer.status, 302, await answer.text());
  return answer.headers.get("location");
}

async function connect(server, cookie) {
  const headers = { "content-type": "application/json", cookie };
  const begun = await fetch(`${server.url}/api/connect/linear`, { method: "POST", headers, body: "{}" });
  assert.equal(begun.status, 200);
  return consent((await begun.json()).url);
}

const tokenStatus = async (token) => {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const body = JSON.stringify({ query: "{ viewer { id } }" });
  return (await fetch(`${emulator.url}/graphql`, { method: "POST", headers, body })).status;
};

for (const kind of ["sqlite", "postgres"]) {
  test(`an account at Linear is connected with PKCE, refreshed, listed and disconnected, on ${kind}`, async () => {
    const server = servers[kind];
    const cookie = await signIn(server);
    asked.length = 0;
    const back = new URL(await connect(server, cookie));
    const answer = await fetch(back, { headers: { cookie }, redirect: "manual" });
    const to = new URL(answer.headers.get("location"));
    assert.equal(to.searchParams.get("result"), "connected", to.href);
    const place = `/api/connections/${to.searchParams.get("connection")}`;
    assert.equal(asked[0].form.grant_type, "authorization_code");
    assert.ok(asked[0].form.code_verifier.length >= 43);

    const replay = await fetch(back, { headers: { cookie }, redirect: "manual" });
    assert.match(replay.headers.get("location"), /result=failed&reason=state_unknown/);

    const teams = async () => (await api(server, `${place}/resources`)).body.data.map((team) => team.name);
    await until(async () => (await teams()).length >= 2, "the teams are listed");
    assert.deepEqual((await teams()).filter((name) => /^(Eng|Ope)/.test(name)), ["Engineering", "Operations"]);
    const found = await api(server, `${place}/resources?search=engin`);
    assert.equal(found.body.data[0].url, `${linear}/acme/team/ENG`);

    // Each check comes after the end of the token's life: the refresh token is used, once, and replaced.
    const before = asked.filter(({ form }) => form?.grant_type === "refresh_token").length;
    for (let check = 0; check < 3; check += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const checked = await api(server, `${place}/check`, { method: "POST", body: "{}" });
      assert.equal(checked.body.status, "active", JSON.stringify(checked.body));
    }
    const refreshes = asked.filter(({ form }) => form?.grant_type === "refresh_token");
    assert.ok(refreshes.length >= before + 3);
    assert.ok(refreshes.every(({ status }) => status === 200));
    assert.equal(new Set(refreshes.map(({ form }) => form.refresh_token)).size, refreshes.length);

    assert.equal((await api(server, place, { method: "DELETE" })).status, 202);
    await until(async () => (await api(server, place)).body.status === "closed", "it is disconnected");
    const last = asked.findLast(({ tokens }) => tokens?.access_token).tokens;
    assert.equal(await tokenStatus(last.access_token), 401);
    const revoked = asked.filter((entry) => entry.revoked).map((entry) => entry.revoked);
    assert.deepEqual(revoked, [last.refresh_token, last.access_token]);
    const log = (await api(server, `${place}/log`)).body.data.map((line) => line.event);
    assert.deepEqual(log, ["closed", "erased", "access_revoked", "closing", "connected"]);
  });

  test(`a personal API key connects an account, and a revoked one does not, on ${kind}`, async () => {
    const server = servers[kind];
    const by = (token) => api(server, "/api/connect/linear/token", { method: "POST", body: JSON.stringify({ token }) });
    assert.equal((await by("lin_api_revoked")).status, 400);
    const made = await by("lin_api_key");
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.body.account_label, "Acme");
    assert.ok(!JSON.stringify(made.body).includes("lin_api_key"));
  });
}
