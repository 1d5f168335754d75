// GitHub as a person's browser and the server meet it: the pages where an app is confirmed and installed, and the calls that follow.
// Codes, keys and proofs are checked as GitHub checks them.

import { createVerify, generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const HOUR = 3_600_000;
const APP = 100_001;
const keys = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const PEM = keys.privateKey.export({ type: "pkcs1", format: "pem" });

/** The person who is signed in at GitHub, and a token of theirs. */
export const OCTOCAT = { id: 583_231, login: "octocat", type: "User" };
export const TOKEN = "github_pat_0123456789";

const secret = () => randomBytes(16).toString("hex");
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
const html = (title, body) => `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}`;
const form = (action, label, fields) => {
  const hidden = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`);
  return `<form method="post" action="${action}">${hidden.join("")}<button>${label}</button></form>`;
};

/** A repository, by its name as `owner/name`. */
export const repository = (full_name, id, more = {}) => ({
  id,
  full_name,
  name: full_name.split("/")[1],
  owner: { login: full_name.split("/")[0], type: "Organization" },
  private: false,
  archived: false,
  default_branch: "main",
  ...more,
});

/** Starts it on a port. `answers` are parts of the API: each takes a call and returns its answer, or nothing for a path that it does not know. */
export async function startGithub({ repositories, answers = [] }) {
  const github = { repositories, app: undefined, installations: [], isDown: false, asked: [] };
  const codes = new Map();
  const grants = new Set();
  const tokens = new Map();

  const install = (login) => {
    const known = github.installations.find(({ account }) => account.login === login);
    if (known) return known;
    const account = { id: 9_000 + github.installations.length, login, type: login === OCTOCAT.login ? "User" : "Organization" };
    const permissions = { contents: "read", issues: "read", metadata: "read", pull_requests: "read" };
    const made = { id: 50_000_001 + github.installations.length, app_id: APP, account, permissions, events: ["push"], suspended_at: null };
    github.installations.push(made);
    return made;
  };
  const grant = () => {
    const code = secret();
    codes.set(code, "grant");
    return code;
  };

  /** The pages, by method and path: HTML, or the address that they lead to. */
  function page({ method, steps, query, body }) {
    const path = steps.join("/");
    if (method === "POST" && /^(organizations\/[\w-]+\/)?settings\/apps\/new$/.test(path)) {
      const fields = { manifest: body.manifest, state: query.state };
      return html("Create GitHub App", form("/confirm-app", `Create GitHub App for ${steps[0] === "organizations" ? steps[1] : OCTOCAT.login}`, fields));
    }
    if (method === "POST" && path === "confirm-app") {
      const manifest = JSON.parse(body.manifest);
      const slug = manifest.name.toLowerCase().replace(/\W+/g, "-");
      const [client_id, client_secret, webhook_secret, code] = [`Iv23${secret()}`, secret(), secret(), secret()];
      github.app = { id: APP, slug, client_id, client_secret, webhook_secret, pem: PEM, manifest, html_url: `https://github.com/apps/${slug}` };
      codes.set(code, "manifest");
      return { to: `${manifest.redirect_url}?${new URLSearchParams({ code, state: body.state })}` };
    }
    if (!github.app) return undefined;
    if (method === "GET" && path === `apps/${github.app.slug}/installations/new`) {
      const { state } = query;
      const choice = (account, action) => form("/install", action === "request" ? `Ask the owners of ${account}` : `Install on ${account}`, { account, action, state });
      return html("Install the app", choice("acme", "install") + choice(OCTOCAT.login, "install") + choice("initech", "request") + choice("strangers", "forge"));
    }
    if (method === "POST" && path === "install") {
      const { account, action, state } = body;
      const parameters = { code: grant(), state, setup_action: action === "request" ? "request" : "install" };
      if (action === "install") parameters.installation_id = install(account).id;
      if (action === "forge") parameters.installation_id = 1;
      return { to: `${github.app.manifest.callback_urls[0]}?${new URLSearchParams(parameters)}` };
    }
    return undefined;
  }

  function isProof(token) {
    const [header, claims, signature] = token.split(".");
    if (!signature) return false;
    const { iat, exp, iss } = JSON.parse(Buffer.from(claims, "base64url"));
    const now = Date.now() / 1_000;
    const isNow = iat <= now && now < exp && exp - iat <= 660 && iss === String(APP);
    return isNow && createVerify("RSA-SHA256").update(`${header}.${claims}`).verify(keys.publicKey, signature, "base64url");
  }

  const refused = { status: 401, body: { message: "Bad credentials" } };
  const ok = (body) => ({ status: 200, body });

  /** The calls about the app, its installations and the person. */
  function call({ method, steps, body, token, authorization }) {
    const path = steps.join("/");
    if (method === "POST" && steps[0] === "app-manifests") {
      if (codes.get(steps[1]) !== "manifest") return undefined;
      codes.delete(steps[1]);
      return { status: 201, body: github.app };
    }
    if (method === "POST" && path === "login/oauth/access_token") {
      const isApp = body.client_id === github.app.client_id && body.client_secret === github.app.client_secret;
      if (!isApp || codes.get(body.code) !== "grant") return ok({ error: "bad_verification_code" });
      codes.delete(body.code);
      const access_token = `ghu_${secret()}`;
      grants.add(access_token);
      return ok({ access_token, token_type: "bearer", scope: "", expires_in: 28_800 });
    }
    if (method === "DELETE" && steps[0] === "applications") {
      const pair = `${github.app.client_id}:${github.app.client_secret}`;
      if (authorization !== `Basic ${Buffer.from(pair).toString("base64")}`) return refused;
      return grants.delete(body.access_token) ? { status: 204 } : undefined;
    }
    if (steps[0] === "app" && steps[1] === "installations") {
      if (!isProof(token)) return refused;
      const found = github.installations.find(({ id }) => String(id) === steps[2]);
      if (!found || method === "GET") return found && ok(found);
      const made = `ghs_${secret()}`;
      tokens.set(made, found.account.login);
      return { status: 201, body: { token: made, expires_at: new Date(Date.now() + HOUR).toISOString() } };
    }
    if (path === "user") return grants.has(token) || token === TOKEN ? ok(OCTOCAT) : refused;
    if (path === "user/installations") {
      const { installations } = github;
      return grants.has(token) ? ok({ total_count: installations.length, installations }) : refused;
    }
    if (path === "user/repos") return token === TOKEN ? ok(github.repositories) : refused;
    if (!tokens.has(token) && token !== TOKEN) return refused;
    if (path === "installation/repositories") {
      const own = github.repositories.filter(({ owner }) => owner.login === tokens.get(token));
      return ok({ total_count: own.length, repositories: own });
    }
    return undefined;
  }

  const server = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    const url = new URL(request.url, "http://localhost");
    const isForm = /form-urlencoded/.test(request.headers["content-type"] ?? "");
    const { authorization = "" } = request.headers;
    const asked = {
      method: request.method,
      steps: url.pathname.slice(1).split("/"),
      query: Object.fromEntries(url.searchParams),
      body: isForm ? Object.fromEntries(new URLSearchParams(text)) : text ? JSON.parse(text) : {},
      token: authorization.replace(/^Bearer /, ""),
      authorization,
    };
    github.asked.push(`${asked.method} ${request.url}`);
    if (github.isDown) return response.writeHead(503).end();
    const shown = page(asked);
    if (shown?.to) return response.writeHead(302, { location: shown.to }).end();
    if (shown) return response.writeHead(200, { "content-type": "text/html" }).end(shown);
    const parts = [call, ...answers.map((answer) => (asked) => answer(asked, github))];
    let answer;
    for (const part of parts) answer ??= part(asked);
    const { status, body, headers } = answer ?? { status: 404, body: { message: "Not Found" } };
    const limits = { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": String(5_000 - github.asked.length) };
    response.writeHead(status, { "content-type": "application/json", ...limits, ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  github.url = `http://127.0.0.1:${server.address().port}`;
  github.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return github;
}
