// What the server asks of GitHub and Notion is held against the OpenAPI documents that they publish. Prism checks each
// request and answers with the documents' examples; a proxy before it keeps what Prism finds wrong.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { api, freePort, start, until, workspace } from "./harness.mjs";

const METHODS = ["get", "post", "put", "patch", "delete"];
const GITHUB = {
  name: "@octokit/openapi",
  version: "23.0.2",
  sha512: "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==",
  document: "package/generated/api.github.com.json",
  // Prism takes no path parameter with a slash.
  paths: {
    "/user": "/user",
    "/user/repos": "/user/repos",
    ...Object.fromEntries(
      ["", "/pulls", "/issues", "/issues/comments", "/pulls/comments", "/releases", "/git/trees/{tree_sha}", "/git/blobs/{file_sha}"].map(
        (rest) => [`/repos/{owner}/{repo}${rest}`, `/repos/{owner}/{repo}${rest}`],
      ),
    ),
    "/repos/{owner}/{repo}/git/ref/{ref}": "/repos/{owner}/{repo}/git/ref/heads/{ref}",
  },
};
const NOTION = {
  name: "@notionhq/notion-mcp-server",
  version: "2.5.2",
  sha512: "5nPSwHMnugSGAhSJS5vVIlMao+iTJO9HoWGpCnT8lJNrPy3rZMqs1V/CPiN4MuxF+5EBgRE/f/Tirl6Wfi75Mg==",
  document: "package/scripts/notion-openapi.json",
};
const PAGE = {
  object: "page",
  id: "59833787-2cf9-4fdf-8782-e53db20768a5",
  created_time: "2026-11-01T10:00:00.000Z",
  last_edited_time: "2026-11-02T10:00:00.000Z",
  in_trash: false,
  archived: false,
  parent: { type: "workspace", workspace: true },
  url: "https://www.notion.so/Ledger-598337872cf94fdf8782e53db20768a5",
  properties: { title: { id: "title", type: "title", title: [{ type: "text", plain_text: "Ledger", text: { content: "Ledger" }, annotations: {} }] } },
};
const BLOCK = {
  object: "block",
  id: "9bc30ad4-9373-46a5-84ab-0a7845ee52e6",
  type: "paragraph",
  has_children: false,
  paragraph: { rich_text: [{ type: "text", plain_text: "Every coin twice.", text: { content: "Every coin twice." }, annotations: {} }] },
};
// The examples of these answers are empty in Notion's document.
const list = (results) => ({ object: "list", results, has_more: false, next_cursor: null });
const NOTION_ANSWERS = [
  [/^\/v1\/search$/, list([PAGE])],
  [/^\/v1\/pages\/[^/]+$/, PAGE],
  [/^\/v1\/blocks\/[^/]+\/children/, list([BLOCK])],
];

let folder, peers;

/** A file of a package, of which the archive has the hash that is expected. */
function published({ name, version, sha512, document }) {
  const cache = join(process.env.CARGO_TARGET_DIR ?? tmpdir(), "official-documents");
  mkdirSync(cache, { recursive: true });
  const archive = join(cache, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
  if (!existsSync(archive)) execFileSync("npm", ["pack", "--silent", `${name}@${version}`, "--pack-destination", cache]);
  assert.equal(createHash("sha512").update(readFileSync(archive)).digest("base64"), sha512, `${name} is what it was`);
  return JSON.parse(execFileSync("tar", ["-xzOf", archive, document], { maxBuffer: 200_000_000 }));
}

/** A document with these paths alone, and what they refer to. */
function cut(document, paths) {
  const kept = { openapi: document.openapi, info: document.info, paths: {}, components: {} };
  const queue = [];
  const look = (value) => {
    if (Array.isArray(value)) value.forEach(look);
    else if (value && typeof value === "object") {
      if (typeof value.$ref === "string") queue.push(value.$ref);
      Object.values(value).forEach(look);
    }
  };
  for (const [path, as] of Object.entries(paths)) {
    assert.ok(document.paths[path], `${path} is in the document`);
    kept.paths[as] = document.paths[path];
    look(kept.paths[as]);
  }
  for (let ref = queue.pop(); ref; ref = queue.pop()) {
    const [, , group, name] = ref.split("/");
    if (kept.components[group]?.[name]) continue;
    (kept.components[group] ??= {})[name] = document.components[group][name];
    look(kept.components[group][name]);
  }
  return kept;
}

/** Prism over a document, and a proxy before it. `own` answers what the document cannot. */
async function peer(name, document, own) {
  for (const path of Object.values(document.paths)) for (const method of METHODS) if (path[method]) path[method].security = [];
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ ...document, servers: [{ url: "/" }] }));
  const port = await freePort();
  const prism = spawn("node_modules/.bin/prism", ["mock", "--port", String(port), file], { stdio: "ignore" });
  const target = `http://127.0.0.1:${port}`;
  const asked = [];
  const proxy = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { host, connection, "content-length": length, ...headers } = request.headers;
    // GitHub's own kind of JSON, which it asks for in words, is not in its document.
    headers.accept = headers.accept?.replace("application/vnd.github+json", "application/json");
    const init = { method: request.method, headers, body: body.length ? body : undefined };
    const answer = await fetch(target + request.url, init);
    const text = await answer.text();
    const instead = own(request.url.split("?")[0]);
    // Some of the documents' own examples are not as the documents want them; that is not ours.
    const found = JSON.parse(answer.headers.get("sl-violations") ?? "[]").filter(({ location }) => location[0] === "request");
    const isRefused = answer.status >= 400 && !(instead && answer.status === 404);
    asked.push({ url: request.url, method: request.method, wrong: isRefused ? [...found, text] : found });
    response.writeHead(instead ? 200 : answer.status, { "content-type": "application/json" });
    response.end(instead ? JSON.stringify(instead) : text);
  });
  const listening = await freePort();
  await new Promise((resolve) => proxy.listen(listening, "127.0.0.1", resolve));
  const ready = () => fetch(target).then(() => true, () => false);
  await until(ready, `Prism answers for ${name}`, 60_000);
  const stop = () => (prism.kill("SIGTERM"), proxy.close());
  return { url: `http://127.0.0.1:${listening}`, asked, stop };
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "campanile-documents-"));
  const github = cut(published(GITHUB), GITHUB.paths);
  const notion = published(NOTION);
  // A repository by its number is not in the document, though GitHub answers it.
  const repository = github.components.examples["full-repository"]?.value;
  peers = {
    github: await peer("github", github, (path) => (/^\/repositories\/\d+$/.test(path) ? repository : undefined)),
    notion: await peer("notion", notion, (path) => NOTION_ANSWERS.find(([shape]) => shape.test(path))?.[1]),
  };
});

after(() => {
  for (const it of Object.values(peers ?? {})) it.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function connected(server, provider, token) {
  const made = await api(server, `/api/connect/${provider}/token`, { method: "POST", body: JSON.stringify({ token }) });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const path = `/api/connections/${made.body.id}/resources`;
  const resources = await until(async () => {
    const { body } = await api(server, path);
    return body.data.length > 0 && body.data;
  }, `${provider} lists its resources`);
  const { kind, provider_id } = resources[0];
  const chosen = { connection: made.body.id, resources: [{ kind, provider_id }] };
  const linked = await api(server, `/api/workspaces/${await workspace(server)}/sources`, { method: "POST", body: JSON.stringify(chosen) });
  assert.equal(linked.status, 201, JSON.stringify(linked.body));
  return { connection: made.body.id, source: linked.body.data[0].id };
}

const synced = (server, source) =>
  until(async () => {
    const { body } = await api(server, `/api/sources/${source}/documents`);
    return body.syncs[0]?.finished_at && body.syncs[0];
  }, "the documents are read");

/** Everything that was asked is right, and each of these was asked. */
function assertRight({ asked }, ...paths) {
  assert.deepEqual(asked.filter(({ wrong }) => wrong.length > 0), []);
  for (const path of paths) assert.ok(asked.some((it) => path.test(it.url)), `${path} in ${asked.map(({ url }) => url).join("\n")}`);
}

test("what is asked of GitHub is as its document wants it", async () => {
  const { url } = peers.github;
  const server = await start("sqlite", { CAMPANILE_CONNECTOR_GITHUB_API_URL: url, CAMPANILE_CONNECTOR_GITHUB_WEB_URL: url });
  try {
    const { connection, source } = await connected(server, "github", "github_pat_example");
    const ended = await until(async () => {
      const { body } = await api(server, `/api/connections/${connection}/backfills`);
      return body.data[0] && body.data[0].status !== "active" && body.data[0];
    }, "the history has come along", 60_000);
    assert.equal(ended.status, "completed", JSON.stringify(ended));
    await synced(server, source);
    const history = ["pulls", "issues", "issues/comments", "pulls/comments", "releases"].map((path) => new RegExp(`/repos/[^/]+/[^/]+/${path}\\?`));
    assertRight(peers.github, /^\/user$/, /^\/user\/repos\?/, ...history, /git\/ref\/heads\//, /git\/trees\//);
  } finally {
    await server.stop();
  }
});

test("what is asked of Notion is as its document wants it", async () => {
  const { url } = peers.notion;
  const server = await start("sqlite", { CAMPANILE_CONNECTOR_NOTION_API_URL: url });
  try {
    const { source } = await connected(server, "notion", "ntn_example");
    const sync = await synced(server, source);
    assert.deepEqual([sync.status, sync.stored], ["completed", 1], JSON.stringify(sync));
    const { body } = await api(server, "/api/search", { method: "POST", body: JSON.stringify({ query: "every coin twice" }) });
    assert.equal(body.data[0]?.title, "Ledger", JSON.stringify(body));
    assertRight(peers.notion, /^\/v1\/users\/me$/, /^\/v1\/search$/, /^\/v1\/blocks\/[^/]+\/children/);
  } finally {
    await server.stop();
  }
});
