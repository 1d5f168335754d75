import { afterEach, expect, test, vi } from "vitest";

import { PROVIDERS } from "./providers";
import { sampleCurl, sampleOf, sendSample } from "./sample";

afterEach(() => vi.unstubAllGlobals());

test("every provider has a sample whose body is JSON", () => {
  for (const { key } of PROVIDERS) expect(() => JSON.parse(sampleOf(key, "1").body)).not.toThrow();
});

test("a sample is signed with the secret over its very body", async () => {
  let sent: RequestInit = {};
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    sent = init;
    return Promise.resolve(new Response());
  });
  await sendSample("github", "main", "a shared secret");
  const { createHmac } = await import("node:crypto" as string);
  const expected = createHmac("sha256", "a shared secret").update(sent.body).digest("hex");
  expect((sent.headers as Record<string, string>)["x-hub-signature-256"]).toBe(`sha256=${expected}`);
});

test("the shell's line quotes what it is given", () => {
  const line = sampleCurl("github", "http://127.0.0.1:4400/api/ingest/github/main", "it's");
  expect(line).toContain(`SECRET='it'\\''s'`);
  expect(line).toContain('-H "x-hub-signature-256: sha256=$SIGNATURE"');
});
