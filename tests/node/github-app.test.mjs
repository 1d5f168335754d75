// GitHub is connected by an app, against an emulator that others wrote: it verifies the proof of the app, makes tokens for
// its installation, and signs the webhooks of a real push. A proxy before it adds what it lacks: the lists of installations
// and of their repositories, which it answers from what the emulator says of the token.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { after, test } from "node:test";

import { createEmulator } from "emulate";

import { api, freePort, OWNER, start, until } from "./harness.mjs";

const APP = { number: 4711, slug: "campanile", client: "Iv23campanile", secret: "campanile-secret", webhooks: "webhook-secret" };
const INSTALLATION = 4242;
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});
const ends = [];

/** Passes everything on to the emulator, and answers two lists from what the emulator says of the token. */
async function startProxy(target, asked) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { host, connection, "content-length": length, ...headers } = request.headers;
    // The server looks for failed deliveries before the emulator listens.
    const away = () => new Response('{"message":"away"}', { status: 503 });
    const ask = (path, init) => fetch(target + path, { headers, redirect: "manual", ...init }).catch(away);
    const answer = (status, body) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body);
    };
    const path = request.url.split("?")[0];
    asked.push(`${request.method} ${path}`);
    if (path === "/user/installations") {
      const user = await ask("/user");
      if (user.status !== 200) return answer(user.status, await user.text());
      const { id, login, type } = await user.json();
      const installation = { id: INSTALLATION, account: { id, login, type }, permissions: { contents: "read" }, suspended_at: null };
      return answer(200, JSON.stringify({ total_count: 1, installations: [installation] }));
    }
    if (path === "/installation/repositories") {
      const repository = await ask("/repos/octocat/hello");
      const body = await repository.text();
      return answer(repository.status, repository.status === 200 ? `{"total_count":1,"repositories":[${body}]}` : body);
    }
    const passed = await ask(request.url, { method: request.method, body: chunks.length ? Buffer.concat(chunks) : undefined });
    answer(passed.status, await passed.text());
  });
  const port = await freePort();
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  ends.push(() => server.close());
  return `http://127.0.0.1:${port}`;
}

async function startEmulator(port, server) {
  const seed = {
    users: [{ login: "octocat", name: "Octo Cat", email: "octocat@example.com" }],
    repos: [{ owner: "octocat", name: "hello", private: true }],
    oauth_apps: [{ client_id: APP.client, client_secret: APP.secret, name: "Campanile", redirect_uris: [`${server.url}/api/connect/github/return`] }],
    apps: [
      {
        app_id: APP.number,
        slug: APP.slug,
        name: "Campanile",
        private_key: privateKey,
        permissions: { contents: "read", metadata: "read" },
        events: ["push"],
        webhook_url: `${server.url}/api/ingest/github/app`,
        webhook_secret: APP.webhooks,
        installations: [{ installation_id: INSTALLATION, account: "octocat", repository_selection: "all" }],
      },
    ],
  };
  const emulator = await createEmulator({ service: "github", port, seed: { github: seed } });
  ends.push(() => emulator.close());
  return emulator;
}

/** Consents at the emulator, as a person does with its button. Returns the code. */
async function consent(emulator, redirect, state) {
  const form = new URLSearchParams({ login: "octocat", redirect_uri: redirect, scope: "repo", state, client_id: APP.client });
  const answer = await fetch(`${emulator.url}/login/oauth/callback`, { method: "POST", body: form, redirect: "manual" });
  assert.equal(answer.status, 302, await answer.text());
  return new URL(answer.headers.get("location")).searchParams.get("code");
}

/** Writes a file as the person, by which the emulator sends a push. */
async function push(emulator, redirect) {
  const code = await consent(emulator, redirect, "none");
  const form = new URLSearchParams({ client_id: APP.client, client_secret: APP.secret, code, redirect_uri: redirect });
  const headers = { accept: "application/json" };
  const made = await fetch(`${emulator.url}/login/oauth/access_token`, { method: "POST", headers, body: form });
  const { access_token: token } = await made.json();
  const body = JSON.stringify({ message: "Ring the bells", content: Buffer.from("# Bells").toString("base64") });
  const written = await fetch(`${emulator.url}/repos/octocat/hello/contents/docs/bells.md`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body,
  });
  assert.equal(written.status, 201, await written.text());
}

after(async () => {
  for (const end of ends) await end();
});

for (const kind of ["sqlite", "postgres"]) {
  test(`a push that GitHub signs for an installed app is remembered in the linked workspace, on ${kind}`, async () => {
    const port = await freePort();
    const asked = [];
    const github = await startProxy(`http://127.0.0.1:${port}`, asked);
    const server = await start(kind, {
      CAMPANILE_CONNECTOR_GITHUB_APP_ID: String(APP.number),
      CAMPANILE_CONNECTOR_GITHUB_SLUG: APP.slug,
      CAMPANILE_CONNECTOR_GITHUB_CLIENT_ID: APP.client,
      CAMPANILE_CONNECTOR_GITHUB_CLIENT_SECRET: APP.secret,
      CAMPANILE_CONNECTOR_GITHUB_PRIVATE_KEY: privateKey.replaceAll("\n", "\\n"),
      CAMPANILE_CONNECTOR_GITHUB_WEBHOOK_SECRET: APP.webhooks,
      CAMPANILE_CONNECTOR_GITHUB_API_URL: github,
      CAMPANILE_CONNECTOR_GITHUB_WEB_URL: github,
    });
    ends.push(() => server.stop());
    const emulator = await startEmulator(port, server);
    const json = { "content-type": "application/json" };
    const signedIn = await fetch(`${server.url}/api/session`, { method: "POST", headers: json, body: JSON.stringify(OWNER) });
    const cookie = signedIn.headers.get("set-cookie").split(";")[0];
    const begun = await fetch(`${server.url}/api/connect/github`, { method: "POST", headers: { ...json, cookie }, body: "{}" });
    const page = new URL((await begun.json()).url);
    assert.equal(page.pathname, `/apps/${APP.slug}/installations/new`);

    const redirect = `${server.url}/api/connect/github/return`;
    const state = page.searchParams.get("state");
    const code = await consent(emulator, redirect, state);
    const query = new URLSearchParams({ code, state, installation_id: INSTALLATION, setup_action: "install" });
    const back = await fetch(`${redirect}?${query}`, { headers: { cookie }, redirect: "manual" });
    const to = new URL(back.headers.get("location"));
    assert.equal(to.searchParams.get("result"), "connected", to.href);
    const connection = to.searchParams.get("connection");

    const resources = async () => (await api(server, `/api/connections/${connection}/resources`)).body.data;
    await until(async () => (await resources()).length === 1, "the repository is listed with a token of the installation");
    assert.ok(asked.includes(`POST /app/installations/${INSTALLATION}/access_tokens`));
    const [repository] = await resources();
    assert.deepEqual([repository.name, repository.is_private], ["octocat/hello", true]);
    const checked = await api(server, `/api/connections/${connection}/check`, { method: "POST", body: "{}" });
    assert.equal(checked.body.status, "active", JSON.stringify(checked.body));

    const workspace = (await api(server, "/api/workspaces")).body.data[0].id;
    const choice = { connection, resources: [{ kind: "repository", provider_id: repository.provider_id }] };
    const linked = await api(server, `/api/workspaces/${workspace}/sources`, { method: "POST", body: JSON.stringify(choice) });
    assert.equal(linked.status, 201, JSON.stringify(linked.body));
    await push(emulator, redirect);
    const pushes = async () => (await api(server, "/api/observations?type=push")).body.data;
    await until(async () => (await pushes()).length === 1, "the push is remembered");
    assert.match((await pushes())[0].title, /^\[Push\]/);
  });
}
