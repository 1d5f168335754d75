// The rules by which providers sign, as others have written them down: what such a rule signs is accepted here, and one
// changed byte is refused. The rules are data; they are carried out below.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { githubVerifierConfig, standardWebhooksVerifierConfig, webhookProviderConfigs } from "@trigger.dev/core/webhooks";

import { api, start } from "./harness.mjs";

const SECRET = "a shared secret of a test";
const now = () => new Date().toISOString();

/** A body of each provider's own shape. */
const BODIES = {
  github: () => ({ zen: "Keep it logically awesome.", hook_id: 1 }),
  vercel: () => ({ id: `evt_${randomBytes(6).toString("hex")}`, type: "deployment.created", createdAt: Date.now(), payload: {} }),
  linear: () => ({ type: "Reaction", action: "create", webhookTimestamp: Date.now(), data: {} }),
  sentry: () => ({ action: "created", data: {} }),
  pagerduty: () => ({ event: { id: "E", event_type: "pagey.ping", occurred_at: now(), data: { type: "ping" } } }),
  gitlab: () => ({ object_kind: "wiki_page", project: { id: 1 } }),
};

/** The rule of each provider whose webhooks a source takes. */
const RULES = {
  github: githubVerifierConfig(),
  gitlab: standardWebhooksVerifierConfig(),
  ...Object.fromEntries(
    ["vercel", "linear", "sentry", "pagerduty"].map((name) => [name, webhookProviderConfigs[name].config()]),
  ),
};

/** Headers beside the signature, without which a provider never sends. */
const HEADERS = {
  github: () => ({ "x-github-event": "ping", "x-github-delivery": randomBytes(8).toString("hex") }),
  sentry: () => ({ "sentry-hook-resource": "installation", "sentry-hook-timestamp": String(Math.floor(Date.now() / 1000)) }),
};

/** Signs a body by a rule: the headers that go along. */
function sign(rule, secret, body) {
  const headers = {};
  let timestamp = "";
  if (rule.timestamp?.source.from === "header") {
    timestamp = rule.timestamp.format === "iso8601" ? now() : String(Math.floor(Date.now() / 1000));
    headers[rule.timestamp.source.name] = timestamp;
  }
  let signed = body;
  if (rule.signingString !== "raw") {
    const values = { timestamp, body };
    for (const [name, from] of Object.entries(rule.signingString.vars ?? {})) {
      values[name] = headers[from.name] ??= `msg_${randomBytes(8).toString("hex")}`;
    }
    signed = rule.signingString.template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }
  const { encoding, stripPrefix = "" } = rule.secret ?? {};
  const bare = secret.startsWith(stripPrefix) ? secret.slice(stripPrefix.length) : secret;
  const key = encoding === "base64" ? Buffer.from(bare, "base64") : bare;
  const mac = createHmac(rule.algorithm, key).update(signed).digest(rule.encoding);
  const { field, fieldSeparator } = rule.signature;
  headers[rule.signatureHeader] = field ? `${field}${fieldSeparator}${mac}` : mac;
  return headers;
}

const servers = {};
const secrets = { gitlab: `whsec_${randomBytes(24).toString("base64")}` };

before(async () => {
  for (const kind of ["sqlite", "postgres"]) {
    servers[kind] = await start(kind);
    for (const provider of Object.keys(RULES)) {
      const body = JSON.stringify({ provider, path: `by-rule-${provider}`, secret: secrets[provider] ?? SECRET });
      const made = await api(servers[kind], "/api/sources", { method: "POST", body });
      assert.equal(made.status, 201, JSON.stringify(made.body));
    }
  }
});

after(async () => {
  for (const server of Object.values(servers)) await server.stop();
});

const post = (server, provider, headers, body) =>
  fetch(`${server.url}/api/ingest/${provider}/by-rule-${provider}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...HEADERS[provider]?.(), ...headers },
    body,
  });

test("every provider whose webhooks are taken has a rule here", async () => {
  const body = JSON.stringify({ provider: "nobody" });
  const refused = await api(servers.sqlite, "/api/sources", { method: "POST", body });
  const [, names] = /must be one of ([a-z, ]+)/.exec(JSON.stringify(refused.body));
  assert.deepEqual(names.split(", ").sort(), Object.keys(RULES).sort());
});

for (const kind of ["sqlite", "postgres"]) {
  for (const [provider, rule] of Object.entries(RULES)) {
    test(`what the rule of ${provider} signs is accepted, and one changed byte is refused, on ${kind}`, async () => {
      const server = servers[kind];
      const body = JSON.stringify(BODIES[provider]());
      const headers = sign(rule, secrets[provider] ?? SECRET, body);
      const taken = await post(server, provider, headers, body);
      assert.ok([200, 202].includes(taken.status), `${taken.status} ${await taken.text()}`);

      const changed = body.replace(/.$/, " ");
      assert.equal((await post(server, provider, headers, changed)).status, 401, "a byte of the body");
      const name = rule.signatureHeader;
      const at = headers[name].length - 3;
      const other = headers[name][at] === "0" ? "1" : "0";
      const forged = { ...headers, [name]: headers[name].slice(0, at) + other + headers[name].slice(at + 1) };
      assert.equal((await post(server, provider, forged, body)).status, 401, "a letter of the signature");
      const { [name]: _, ...unsigned } = headers;
      assert.equal((await post(server, provider, unsigned, body)).status, 401, "no signature");
      for (const signed of Object.keys(headers).filter((header) => header !== name)) {
        const moved = { ...headers, [signed]: `${headers[signed]}0` };
        assert.equal((await post(server, provider, moved, body)).status, 401, `another ${signed}`);
      }
    });
  }
}
