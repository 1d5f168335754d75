// Stand-ins for Slack and Microsoft, which answer as theirs are documented to and note whatever should not have been asked.

import { createServer } from "node:http";
import { freePort } from "./harness.mjs";

const APP = { client_id: "1.2", client_secret: "secret" };
const TOKEN = "xoxb-suite";
const CHANNELS = [
  { id: "C1", name: "general", is_private: false, is_im: false, context_team_id: "T1" },
  { id: "C2", name: "releases", is_private: false, is_im: false, context_team_id: "T1" },
  { id: "C3", name: "secret", is_private: true, is_im: false, context_team_id: "T1" },
];

/** What each of Slack's methods takes: its parameters, each with what it may be. */
const SLACK = {
  "oauth.v2.access": { client_id: /^1\.2$/, client_secret: /^secret$/, code: /^code-/ },
  "auth.test": {},
  "auth.revoke": {},
  "conversations.list": {
    limit: /^([1-9]\d?|1\d\d|200)$/,
    types: /^((public|private)_channel,?)+$/,
    exclude_archived: /^(true|false)$/,
    cursor: /^page-2$|^cursor$|^$/,
    team_id: /./,
  },
  "chat.postMessage": { channel: /^[CU]/, text: /./, blocks: undefined, mrkdwn: undefined },
};
const OPTIONAL = ["cursor", "team_id", "blocks", "mrkdwn"];

/** Starts the stand-ins. `faults` is what was asked wrongly, `posted` what was sent to Slack's channels. */
export async function startProviders() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const state = { faults: [], posted: [], isRevoked: false };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const path = new URL(request.url, url).pathname;
    const [status, body, headers] = answer(state, request, path, text, new URL(request.url, url));
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stop = () => new Promise((resolve) => server.close(resolve));
  return Object.assign(state, { url, stop });
}

function answer(state, request, path, text, address) {
  if (path === "/oauth/v2/authorize") return authorize(state, address);
  if (path.startsWith("/slack/")) return slack(state, request, path.slice("/slack/".length), text);
  if (path.startsWith("/login/")) return [200, { access_token: "graph-token", expires_in: 3600 }];
  if (path === "/graph/teams") return [200, { value: [{ id: "t1", displayName: "Team", description: "d" }] }];
  if (path.endsWith("/channels")) {
    const channel = { id: "19:x", displayName: "General", description: null, membershipType: "standard" };
    return [200, { value: [{ ...channel, isArchived: false, createdDateTime: "2026-01-01T00:00:00Z" }] }];
  }
  state.faults.push(`nobody answers at ${path}`);
  return [404, {}];
}

/** The page on which somebody agrees; here they always do. */
function authorize(state, address) {
  const wanted = address.searchParams;
  const scopes = (wanted.get("scope") ?? "").split(",");
  if (wanted.get("client_id") !== APP.client_id) state.faults.push("authorize: another client_id");
  for (const scope of ["chat:write", "channels:read"]) {
    if (!scopes.includes(scope)) state.faults.push(`authorize: without the scope ${scope}`);
  }
  const back = new URL("/providers/slack/authenticate", state.console);
  back.searchParams.set("code", "code-1");
  back.searchParams.set("state", wanted.get("state") ?? "");
  return [302, {}, { location: back.href }];
}

function slack(state, request, method, text) {
  const takes = SLACK[method];
  if (!takes) return fault(state, `Slack has no ${method}`, "unknown_method");
  if (request.method !== "POST") return fault(state, `${method} by ${request.method}`, "bad_method");
  const isJson = (request.headers["content-type"] ?? "").startsWith("application/json");
  const told = isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
  for (const [name, value] of Object.entries(told)) {
    if (!(name in takes)) return fault(state, `${method} with ${name}`, "invalid_arguments");
    if (takes[name] && !takes[name].test(String(value))) state.faults.push(`${method}: ${name} is ${value}`);
  }
  for (const name of Object.keys(takes)) {
    if (!(name in told) && !OPTIONAL.includes(name)) return fault(state, `${method} without ${name}`, "invalid_arguments");
  }
  if (method === "oauth.v2.access") {
    state.isRevoked = false;
    return [200, { ok: true, access_token: TOKEN, token_type: "bot", scope: "chat:write", team: { id: "T1", name: "Acme" } }];
  }
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return fault(state, `${method} without its token`, "invalid_auth");
  if (state.isRevoked) return [200, { ok: false, error: "token_revoked" }];
  switch (method) {
    case "conversations.list": {
      const isSecond = told.cursor === "page-2";
      const kinds = told.types.split(",");
      const shown = CHANNELS.filter((channel) => kinds.includes(channel.is_private ? "private_channel" : "public_channel"));
      const page = isSecond ? shown.slice(2) : shown.slice(0, 2);
      const next_cursor = !isSecond && shown.length > 2 ? "page-2" : "";
      return [200, { ok: true, channels: page, response_metadata: { next_cursor } }];
    }
    case "chat.postMessage":
      state.posted.push(told);
      return [200, { ok: true, channel: told.channel, ts: "1700000000.000100" }];
    case "auth.revoke":
      state.isRevoked = !state.keepsTokens;
      return [200, { ok: true, revoked: true }];
    default:
      return [200, { ok: true, team: "Acme", team_id: "T1" }];
  }
}

function fault(state, what, error) {
  state.faults.push(what);
  return [200, { ok: false, error }];
}
