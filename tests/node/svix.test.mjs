// The official libraries of the Svix API, by their own tests and from every language that is here.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";

import { Svix } from "svix";
import { Svix as Svix2 } from "svix2";

import { KEY, receiver, start, until } from "./harness.mjs";

const run = promisify(execFile);

/** The tests that come with a package, on the library that comes with it, against our server. */
async function ownTests(name, server) {
  const source = readFileSync(`node_modules/${name}/src/KitchenSink.test.ts`, "utf8");
  // They stand beside the library's source; what is installed is its build.
  const folder = "node_modules/.own-tests";
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/${name}-${randomUUID()}.test.ts`;
  writeFileSync(file, source.replace('from "."', `from "${name}"`));
  const env = { ...process.env, SVIX_TOKEN: KEY, SVIX_SERVER_URL: server.url };
  // This process is a test itself; theirs is to be one of its own.
  delete env.NODE_TEST_CONTEXT;
  const { stdout } = await run("node_modules/.bin/tsx", ["--test", "--test-reporter=tap", file], { env });
  rmSync(file);
  assert.match(stdout, /ok \d+ - endpoint crud/, stdout);
  assert.doesNotMatch(stdout, /# SKIP|not ok/, stdout);
}

/** What the Python library's own tests do: they do not come with its package. */
const PYTHON = `
import os
from svix.api import Svix, SvixOptions, ApplicationIn, EndpointIn, EndpointPatch, EventTypeIn, MessageIn
from svix.exceptions import HttpError, HTTPValidationError
svix = Svix(os.environ["SVIX_TOKEN"], SvixOptions(server_url=os.environ["SVIX_SERVER_URL"]))
app = svix.application.get_or_create(ApplicationIn(name="python", uid="python"))
assert svix.application.get_or_create(ApplicationIn(name="other", uid="python")).id == app.id
for name in ("event.started", "event.ended"):
    try:
        svix.event_type.create(EventTypeIn(name=name, description="for tests"))
    except HttpError as error:
        assert error.status_code == 409, error
made = svix.endpoint.create(app.id, EndpointIn(url="https://example.svix.com/", channels=["ch0", "ch1"]))
assert made.url == "https://example.svix.com/" and sorted(made.channels) == ["ch0", "ch1"]
patched = svix.endpoint.patch(app.id, made.id, EndpointPatch(event_types=["event.started", "event.ended"]))
assert sorted(patched.event_types) == ["event.ended", "event.started"]
nulls = EndpointIn(url="http://localhost/webhook/receiver", channels=None, metadata={}, secret=None, uid=None)
plain = svix.endpoint.create(app.id, nulls)
secret = svix.endpoint.get_secret(app.id, plain.id).key
assert secret.startswith("whsec_")
own = svix.endpoint.create(app.id, EndpointIn(url=os.environ["RECEIVER"], secret="whsec_" + "e" * 32))
assert svix.endpoint.get_secret(app.id, own.id).key == "whsec_" + "e" * 32
message = svix.message.create(app.id, MessageIn(event_type="event.started", payload={"n": 1}))
assert svix.message.get(app.id, message.id).id == message.id
assert svix.endpoint.get_stats(app.id, own.id).fail == 0
try:
    svix.endpoint.create(app.id, EndpointIn(url="not a url"))
    raise SystemExit("it was accepted")
except (HttpError, HTTPValidationError):
    pass
svix.endpoint.delete(app.id, made.id)
print("done")
`;

for (const kind of ["sqlite", "postgres"]) {
  test(`the official libraries' own tests pass, on ${kind}`, async () => {
    const server = await start(kind);
    const target = await receiver();
    try {
      await ownTests("svix", server);
      await ownTests("svix2", server);
      const env = { ...process.env, SVIX_TOKEN: KEY, SVIX_SERVER_URL: server.url, RECEIVER: target.url };
      const { stdout } = await run(process.env.CAMPANILE_TEST_PYTHON, ["-c", PYTHON], { env });
      assert.equal(stdout.trim(), "done");
      const sent = await until(() => target.received[0], "what Python sent arrives");
      assert.equal(sent.body, '{"n":1}');
    } finally {
      await target.stop?.();
      await server.stop();
    }
  });

  test(`both generations of the library work with one application, on ${kind}`, async () => {
    const server = await start(kind);
    const target = await receiver();
    try {
      const one = new Svix(KEY, { serverUrl: server.url });
      const two = new Svix2(KEY, { serverUrl: server.url });
      const app = await one.application.getOrCreate({ name: "both", uid: "both" });
      assert.equal((await two.application.getOrCreate({ name: "both", uid: "both" })).id, app.id);
      await two.eventType.upsert("a.b", { description: "first" });
      assert.equal((await one.eventType.update("a.b", { description: "second" })).description, "second");
      const endpoint = await two.endpoint.create("both", { url: target.url, eventTypes: ["a.b"], throttleRate: 100 });
      const seen = await one.endpoint.get("both", endpoint.id);
      assert.deepEqual([seen.filterTypes, seen.rateLimit], [["a.b"], 100]);
      await two.endpoint.setHeaders("both", endpoint.id, { headers: { "X-Test": "1" } });
      await one.endpoint.patchHeaders("both", endpoint.id, { headers: { Authorization: "secret" } });
      assert.deepEqual((await two.endpoint.getHeaders("both", endpoint.id)).sensitive, ["Authorization"]);
      const message = await two.message.create("both", { eventType: "a.b", payload: { n: 1 }, tags: ["t"] });
      await until(() => target.received[0], "it arrives");
      const attempts = await until(async () => {
        const list = await two.messageAttempt.listByMsg("both", message.id);
        return list.data.length === 1 && list;
      }, "the attempt is listed");
      assert.equal(attempts.data[0].statusText, "success");
      await one.messageAttempt.resend("both", message.id, endpoint.id);
      await until(() => target.received[1], "it arrives again");
      const task = await two.endpoint.replayMissing("both", endpoint.id, { since: new Date(Date.now() - 60_000) });
      await until(async () => (await two.backgroundTask.get(task.id)).status === "finished", "the task ends");
      const portal = await one.authentication.appPortalAccess("both", { featureFlags: [] });
      const visitor = new Svix(portal.token, { serverUrl: server.url });
      assert.equal((await visitor.endpoint.list("both")).data.length, 1);
      await assert.rejects(visitor.application.list(), (error) => error.code === 403);
      await assert.rejects(one.endpoint.create("both", { url: "x" }), (error) => error.code === 422);
      await assert.rejects(two.application.get("none"), (error) => error.code === 404);
      await two.health.get();
    } finally {
      await target.stop?.();
      await server.stop();
    }
  });
}
