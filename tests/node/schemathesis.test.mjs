// The document of the API, tried against the server by schemathesis: no 5xx, no status and no body
// that the document does not have.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { KEY, start } from "./harness.mjs";

const PYTHON = process.env.CAMPANILE_TEST_PYTHON;
const CONFIG = join(import.meta.dirname, "../python/schemathesis.toml");
/** Streams never end, and two operations would end the access of the test itself. */
const LEFT_OUT = ["/api/stream$", "/api/session", "/api/v1/auth/logout$"].join("|");

function run(server) {
  const place = [`${server.url}/openapi.json`, "--header", `Authorization: Bearer ${KEY}`];
  const args = ["-m", "schemathesis.cli", "--config-file", CONFIG, "run", ...place, "--exclude-path-regex", LEFT_OUT];
  // It leaves a folder with its reports behind where it runs.
  const how = { cwd: tmpdir(), env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "pipe"] };
  const child = spawn(PYTHON, args, how);
  let printed = "";
  child.stdout.on("data", (text) => (printed += text));
  child.stderr.on("data", (text) => (printed += text));
  return new Promise((resolve) => child.once("exit", (code) => resolve({ code, printed })));
}

describe("the document of the API", () => {
  it("says what the server answers", async () => {
    const server = await start("sqlite", { CAMPANILE_HTTP_REQUESTS_PER_KEY: "100000" });
    try {
      const { code, printed } = await run(server);
      assert.equal(code, 0, printed.slice(-60_000));
      assert.match(printed, /[1-9]\d\d generated/);
    } finally {
      await server.stop();
    }
  });
});
