// Push by Apple's service: over HTTP/2, with a token that only the team's key can have signed.

import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { createServer } from "node:http2";
import { test } from "node:test";

import { api, start, until } from "./harness.mjs";

/** A stand-in that answers as Apple documents: 410 for the device `gone`, 200 for others. */
async function apple() {
  const asked = [];
  const server = createServer();
  server.on("stream", async (stream, headers) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    asked.push({ headers, body: JSON.parse(Buffer.concat(chunks)) });
    const isGone = headers[":path"].endsWith("/gone");
    stream.respond({ ":status": isGone ? 410 : 200, "apns-id": headers["apns-id"] });
    stream.end(isGone ? JSON.stringify({ reason: "Unregistered", timestamp: 1_700_000_000_000 }) : "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { asked, url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

function claims(authorization, publicKey) {
  const [scheme, token] = authorization.split(" ");
  assert.equal(scheme, "bearer");
  const [head, body, signature] = token.split(".");
  const options = { key: createPublicKey(publicKey), dsaEncoding: "ieee-p1363" };
  assert.ok(verify("sha256", Buffer.from(`${head}.${body}`), options, Buffer.from(signature, "base64url")));
  const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
  return { ...read(head), ...read(body) };
}

test("APNs is asked over HTTP/2 with a signed token, and forgets devices that are gone", async (t) => {
  const server = await start("sqlite");
  const stand = await apple();
  t.after(() => Promise.all([server.stop(), stand.stop()]));
  const pair = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const put = async (path, body) => {
    const answer = await api(server, `/v1${path}`, { method: "PUT", body: JSON.stringify(body) });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  };
  const settings = { base_url: stand.url, key: pair.privateKey, key_id: "KEY1", team_id: "TEAM1", bundle_id: "com.example.app" };
  await put("/channels/push", { type: "push", provider: "push_apns", provider_settings: settings });
  await put("/users/ada/channel_data/push", { data: { tokens: ["here", "gone"] } });
  const step = { ref: "push", type: "channel", channel_key: "push", channel_type: "push", template: { title: "Hi", text_body: "{{ n }} new" } };
  await put("/workflows/push?commit=true", { workflow: { name: "push", steps: [step] } });
  const body = JSON.stringify({ recipients: ["ada"], data: { n: 3 } });
  await api(server, "/v1/workflows/push/trigger", { method: "POST", body });
  await until(() => stand.asked.length === 2, "both devices were pushed to");

  const { headers, body: payload } = stand.asked.find(({ headers }) => headers[":path"] === "/3/device/here");
  assert.deepEqual(payload.aps, { alert: { title: "Hi", body: "3 new" } });
  assert.equal(payload.n, 3);
  assert.equal(headers["apns-topic"], "com.example.app");
  assert.equal(headers["apns-push-type"], "alert");
  assert.equal(headers["apns-priority"], "10");
  const { alg, kid, iss, iat } = claims(headers.authorization, pair.publicKey);
  assert.deepEqual([alg, kid, iss], ["ES256", "KEY1", "TEAM1"]);
  assert.ok(Math.abs(iat - Date.now() / 1000) < 60);

  const statuses = async () => (await api(server, "/v1/messages?source=push")).body.items.map((item) => item.status).sort();
  await until(async () => String(await statuses()) === "bounced,sent", "one was sent, one bounced");
  const { body: known } = await api(server, "/v1/users/ada/channel_data/push");
  assert.deepEqual(known.data.tokens, ["here"]);
});
