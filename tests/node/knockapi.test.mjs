// The suite of PyPI's knockapi, unchanged, against the real server with `campanile fixtures knock`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { start } from "./harness.mjs";
import { startProviders } from "./providers.mjs";

const PYTHON = process.env.CAMPANILE_TEST_PYTHON;
const SUITE = join(PYTHON, "../../suites/knockapi-1.33.0");

function pytest(server) {
  const plugin = join(import.meta.dirname, "../python");
  const env = { PATH: process.env.PATH, PYTHONPATH: plugin, TEST_API_BASE_URL: server.url };
  const args = ["-m", "pytest", "tests/api_resources", "-q", "-o", "addopts=", "-p", "knock_suite", "--tb=short"];
  const child = spawn(PYTHON, args, { cwd: SUITE, env, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.on("data", (text) => (printed += text));
  return new Promise((resolve) => child.once("exit", (code) => resolve({ code, printed })));
}

for (const kind of ["sqlite", "postgres"]) {
  describe(`knockapi's own suite on ${kind}`, () => {
    it("passes, but for what its file names with the reason", async () => {
      const providers = await startProviders();
      providers.keepsTokens = true;
      const server = await start(kind, {}, ["fixtures", "knock", "--upstream", providers.url]);
      try {
        const { code, printed } = await pytest(server);
        const counts = printed.trim().split("\n").at(-1);
        assert.equal(code, 0, printed.slice(-8_000));
        console.log(`# knockapi on ${kind}: ${counts}`);
        assert.match(counts, /^2005 passed, 30 skipped, 35 xfailed/);
        // The suite's own word for a list of types; Slack would refuse it.
        assert.deepEqual([...new Set(providers.faults)], ["conversations.list: types is types"]);
      } finally {
        await server.stop();
        await providers.stop();
      }
    });
  });
}
