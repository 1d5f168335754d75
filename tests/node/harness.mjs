// What every test here needs: the real binary over a fresh database, and signed deliveries.

import { execFileSync, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const KEY = "sk_test_0123456789abcdefghijklmnop";
export const OWNER = { email: "owner@example.com", password: "correct horse battery" };
export const SECRET = "a shared secret of a test";

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these tests through cargo xtask test`);
  return value;
}

export async function freePort() {
  const socket = createSocket();
  await new Promise((resolve) => socket.listen(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

function freshDatabase(kind) {
  if (kind === "sqlite") return {};
  const server = needed("CAMPANILE_TEST_POSTGRES");
  const name = `node_${randomUUID().replaceAll("-", "")}`;
  execFileSync("psql", [server, "-qc", `CREATE DATABASE ${name} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`]);
  return { DATABASE_URL: server.replace("/postgres?", `/${name}?`) };
}

/** Starts a server; stop it with `stop()`, or only for a while with `down()` and `up()`, which may change settings. `before` is a command of the same binary that is run first, over the same database. */
export async function start(kind, settings = {}, before = undefined) {
  const folder = mkdtempSync(join(tmpdir(), "campanile-node-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const sources = ["github", "vercel", "linear", "sentry"].map((name) => `${name}=${SECRET}`).join(",");
  const environment = {
    PATH: process.env.PATH,
    CAMPANILE_BOOTSTRAP_SECRET_KEY: KEY,
    CAMPANILE_BOOTSTRAP_OWNER: OWNER.email,
    CAMPANILE_BOOTSTRAP_OWNER_PASSWORD: OWNER.password,
    CAMPANILE_BOOTSTRAP_SOURCES: sources,
    CAMPANILE_NET_ALLOW: "127.0.0.0/8",
    CAMPANILE_NOTIFY_DIGEST: "0s",
    CAMPANILE_LOG: "warn",
    // Few tests ask for what means the same; the others need no processor for it.
    CAMPANILE_MEMORY_EMBEDDER: "off",
    // Nothing begins by itself that a test does not ask for.
    CAMPANILE_CONNECTOR_POLL: "off",
    CAMPANILE_CONNECTOR_RECONCILE: "off",
    ...freshDatabase(kind),
    ...settings,
  };
  const binary = needed("CAMPANILE_TEST_BINARY");
  const place = ["--listen", `127.0.0.1:${port}`, "--data", join(folder, "data")];
  if (before) execFileSync(binary, [...before, ...place], { env: environment, cwd: folder });
  const args = ["serve", ...place];
  let printed = "";
  let child;
  const up = async (changed = {}) => {
    Object.assign(environment, changed);
    child = spawn(binary, args, { env: environment, cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.on("data", (text) => (printed += text));
    const ready = async () => (await fetch(`${url}/api/_health/ready`).catch(() => undefined))?.ok;
    await until(ready, `the server on ${kind} is ready`);
  };
  const down = async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
  };
  const stop = async () => {
    await down();
    rmSync(folder, { recursive: true, force: true });
  };
  await up();
  return { url, stop, up, down, signInLink: () => /http\S+sign-in\?token=\S+/.exec(printed)?.[0] };
}

export async function until(holds, what, patience = 20_000) {
  const began = Date.now();
  while (Date.now() - began < patience) {
    const value = await holds();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  throw new Error(`not within ${patience} ms: ${what}`);
}

export async function api(server, path, init = {}) {
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...init.headers };
  const response = await fetch(server.url + path, { ...init, headers });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}

export async function deliver(server, event, payload, id = randomUUID(), path = "github") {
  const body = JSON.stringify(payload);
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  const headers = {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": id,
    "x-hub-signature-256": `sha256=${signature}`,
  };
  const response = await fetch(`${server.url}/api/ingest/github/${path}`, { method: "POST", headers, body });
  if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
}

const repository = { id: 1, full_name: "acme/shop", default_branch: "main" };
const ada = { id: 7, login: "ada" };

export function release(tag) {
  return {
    action: "published",
    release: {
      tag_name: tag,
      name: `Version ${tag}`,
      body: "A security fix.",
      target_commitish: "main",
      published_at: "2026-03-01T00:00:00Z",
      author: ada,
      html_url: "https://github.com/acme/shop/releases/1",
    },
    repository,
    sender: ada,
  };
}

export function pullRequest(number, title, action = "opened", body = "") {
  return {
    action,
    number,
    pull_request: {
      number,
      title,
      body,
      user: ada,
      merged: false,
      updated_at: "2026-03-01T00:00:00Z",
      head: { ref: "fix/bell", sha: "a1b2c3d4e5f6a7b8" },
      base: { ref: "main" },
      html_url: `https://github.com/acme/shop/pull/${number}`,
    },
    repository,
    sender: ada,
  };
}

/** An HTTP endpoint that keeps what it is sent. */
export async function receiver(status = 204) {
  const received = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(status).end();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/hook`;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, received, stop };
}

export async function workspace(server) {
  return (await api(server, "/api/workspaces")).body.data[0].id;
}
