// A team at Vercel is connected with a token, against an emulator that others wrote: its projects are listed, and the
// deployments that somebody made there come along. The emulator accepts any token, so what is refused is tested elsewhere.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { createEmulator } from "emulate";

import { api, freePort, start, until } from "./harness.mjs";

const TOKEN = "vcp_0123456789";
const TEAM = "acme";
const COMMIT = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678";
const servers = {};
let emulator;

before(async () => {
  const port = await freePort();
  const seed = {
    users: [{ username: "ann", email: "ann@example.com" }],
    teams: [{ slug: TEAM, name: "Acme" }],
    projects: [
      { name: "shop", team: TEAM },
      { name: "docs", team: TEAM },
      { name: "private" },
    ],
  };
  emulator = await createEmulator({ service: "vercel", port, seed: { vercel: seed } });
  for (const kind of ["sqlite", "postgres"]) {
    servers[kind] = await start(kind, {
      CAMPANILE_CONNECTOR_VERCEL_API_URL: emulator.url,
      CAMPANILE_CONNECTOR_VERCEL_WEB_URL: emulator.url,
    });
  }
});

after(async () => {
  for (const server of Object.values(servers)) await server.stop();
  await emulator?.close();
});

/** Asks the emulator, as its owner does. */
async function ask(path, init = {}) {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const answer = await fetch(emulator.url + path, { headers, ...init });
  const body = await answer.json();
  assert.ok(answer.ok, JSON.stringify(body));
  return body;
}

/** Deploys a project of the team. */
const deploy = (team, name, target, meta) =>
  ask(`/v13/deployments?teamId=${team}`, { method: "POST", body: JSON.stringify({ name, target, meta }) });

for (const kind of ["sqlite", "postgres"]) {
  test(`projects of a team are listed, and their deployments come along when one is linked, on ${kind}`, async () => {
    const server = servers[kind];
    const refused = await api(server, "/api/connect/vercel/token", {
      method: "POST",
      body: JSON.stringify({ token: TOKEN, fields: { team: "nobody" } }),
    });
    assert.equal(refused.status, 400, JSON.stringify(refused.body));
    const made = await api(server, "/api/connect/vercel/token", {
      method: "POST",
      body: JSON.stringify({ token: TOKEN, fields: { team: TEAM } }),
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.body.account_label, "Acme");
    const team = made.body.account_id;
    const meta = { githubCommitSha: COMMIT, githubCommitRef: "main", githubCommitMessage: "Ring the bell" };
    await deploy(team, "shop", "production", meta);
    await deploy(team, "shop", "preview", {});
    await deploy(team, "docs", "production", {});
    const expected = (await ask(`/v7/deployments?teamId=${team}&limit=100`)).deployments.filter(({ name }) => name === "shop");

    const place = `/api/connections/${made.body.id}`;
    const projects = async () => (await api(server, `${place}/resources`)).body.data;
    await until(async () => (await projects()).length === 2, "the projects of the team are listed");
    const listed = await projects();
    assert.deepEqual(listed.map(({ name }) => name), ["docs", "shop"]);

    const workspace = (await api(server, "/api/workspaces")).body.data[0].id;
    const shop = listed.find(({ name }) => name === "shop");
    const linked = await api(server, `/api/workspaces/${workspace}/sources`, {
      method: "POST",
      body: JSON.stringify({ connection: made.body.id, resources: [{ kind: "project", provider_id: shop.provider_id }] }),
    });
    assert.equal(linked.status, 201, JSON.stringify(linked.body));
    const backfill = async () => (await api(server, `${place}/backfills`)).body.data[0];
    await until(async () => (await backfill()).status !== "active", "the history is there");
    const ended = await backfill();
    assert.equal(ended.status, "completed", JSON.stringify(ended));
    assert.equal(ended.progress.remembered, 2 * expected.length, "each was created and has succeeded");
    const { data: seen } = (await api(server, "/api/observations")).body;
    assert.deepEqual(new Set(seen.map(({ type }) => type)), new Set(["deployment.created", "deployment.succeeded"]));
    assert.ok(seen.some(({ title }) => title === "[Deployment Succeeded] shop from main"), JSON.stringify(seen));
    const found = await api(server, "/api/search", { method: "POST", body: JSON.stringify({ query: COMMIT }) });
    assert.ok(JSON.stringify(found.body).includes("shop"), "it is tied to its commit");
  });
}
