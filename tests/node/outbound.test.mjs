// What goes out, judged by those who did not write it: the official verifiers, the official
// client, and a mail server from a package.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import MailDev from "maildev";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Svix, Webhook as SvixWebhook } from "svix";

import { api, deliver, freePort, KEY, receiver, release, start, until, workspace } from "./harness.mjs";

const VERIFY = `
import json, sys
from standardwebhooks.webhooks import Webhook as Standard
from svix.webhooks import Webhook as Svix
sent = json.load(sys.stdin)
Standard(sent["secret"]).verify(sent["body"], sent["headers"])
Svix(sent["secret"]).verify(sent["body"], sent["headers"])
print("verified")
`;

for (const kind of ["sqlite", "postgres"]) {
  test(`the official verifiers and client accept what is sent, on ${kind}`, async () => {
    const server = await start(kind);
    const target = await receiver();
    try {
      const svix = new Svix(KEY, { serverUrl: server.url });
      const app = await workspace(server);
      const endpoint = await svix.endpoint.create(app, { url: target.url, filterTypes: ["observation.created"] });
      assert.equal(endpoint.url, target.url);
      const { key } = await svix.endpoint.getSecret(app, endpoint.id);

      await deliver(server, "release", release("1.0"));
      const sent = await until(() => target.received[0], "a webhook arrives");
      const payload = new StandardWebhook(key).verify(sent.body, sent.headers);
      assert.equal(payload.type, "observation.created");
      new SvixWebhook(key).verify(sent.body, sent.headers);
      assert.throws(() => new StandardWebhook(key).verify(`${sent.body} `, sent.headers));

      const input = JSON.stringify({ secret: key, body: sent.body, headers: sent.headers });
      const python = process.env.CAMPANILE_TEST_PYTHON;
      assert.equal(execFileSync(python, ["-c", VERIFY], { input }).toString().trim(), "verified");

      await svix.message.create(app, { eventType: "sync.completed", payload: { n: 1 } });
      const own = await svix.message.create(app, { eventType: "observation.created", payload: { b: 2, a: 1 } });
      const second = await until(() => target.received[1], "the own message arrives");
      assert.equal(second.body, '{"b":2,"a":1}');
      assert.equal(second.headers["svix-id"], own.id);
      const attempts = await until(async () => {
        const list = await svix.messageAttempt.listByMsg(app, own.id);
        return list.data.length === 1 && list;
      }, "the attempt is listed");
      assert.equal(attempts.data[0].responseStatusCode, 204);
      assert.equal(target.received.length, 2, "what is filtered out is not sent");

      await svix.endpoint.rotateSecret(app, endpoint.id, {});
      await svix.message.create(app, { eventType: "observation.created", payload: {} });
      const rotated = await until(() => target.received[2], "a message after the rotation arrives");
      new SvixWebhook(key).verify(rotated.body, rotated.headers);
      new SvixWebhook((await svix.endpoint.getSecret(app, endpoint.id)).key).verify(rotated.body, rotated.headers);

      await svix.endpoint.delete(app, endpoint.id);
      assert.equal((await svix.endpoint.list(app)).data.length, 0);
      await assert.rejects(svix.endpoint.get(app, endpoint.id), { code: 404 });
    } finally {
      target.stop();
      await server.stop();
    }
  });

  test(`a mail arrives at a mail server, on ${kind}`, async () => {
    const [smtp, web] = [await freePort(), await freePort()];
    const maildev = new MailDev({ smtp, web, ip: "127.0.0.1", webIp: "127.0.0.1", silent: true, disableWeb: true });
    await new Promise((resolve, reject) => maildev.listen((error) => (error ? reject(error) : resolve())));
    const arrived = new Promise((resolve) => maildev.on("new", resolve));
    const settings = { CAMPANILE_SMTP_URL: `smtp://127.0.0.1:${smtp}`, CAMPANILE_MAIL_FROM: "Campanile <noreply@example.com>" };
    const server = await start(kind, settings);
    try {
      await deliver(server, "release", release("2.0"));
      const mail = await arrived;
      assert.equal(mail.to[0].address, "owner@example.com");
      assert.equal(mail.from[0].address, "noreply@example.com");
      assert.match(mail.subject, /^\[\d+\] \[Release Published\] Version 2\.0$/);
      assert.match(mail.text, /1 new observation in default/);
      assert.match(mail.html, /border-left:\s*3px solid #6366f1/);
      const sent = async () => {
        const { body } = await api(server, "/api/notifications");
        return body.data.find((item) => item.channel === "email" && item.status === "sent");
      };
      await until(sent, "the mail is written down as sent");
    } finally {
      await server.stop();
      await new Promise((resolve) => maildev.close(resolve));
    }
  });
}
