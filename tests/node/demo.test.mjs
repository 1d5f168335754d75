// What README's first command shows: the story to its end, and a server to look around in afterwards.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";

import { freePort, until } from "./harness.mjs";

test("the demo tells its story to the end, and goes on hearing what is sent", async () => {
  const port = await freePort();
  const child = spawn(process.env.CAMPANILE_TEST_BINARY, ["demo", "--listen", `127.0.0.1:${port}`], {
    env: { PATH: process.env.PATH, CAMPANILE_LOG: "warn" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (text) => (printed += text));
  try {
    await until(() => printed.includes("The server stays up"), "the story has ended", 60_000);
    assert.doesNotMatch(printed, /broke off/, printed);
    const [, events] = /→ \[ ?1\/(\d+)\]/.exec(printed);
    const [, webhooks, mails] = /(\d+) webhooks arrived, every signature verified; (\d+) mails arrived/.exec(printed);
    // The observations, and the cluster that they make if its turn has come.
    const clusters = printed.split('webhook "cluster.created"').length - 1;
    assert.equal(Number(webhooks), Number(events) + clusters, printed);
    assert.ok(Number(mails) > 0, printed);
    const [, endpoint] = /endpoint listens at (\S+);/.exec(printed);
    assert.ok((await fetch(endpoint, { method: "POST", body: "{}" })).ok, "the endpoint still answers");
  } finally {
    child.kill("SIGINT");
    await new Promise((resolve) => child.once("exit", resolve));
  }
});
