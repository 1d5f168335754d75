import { expect, test } from "vitest";

import { waysToConnect } from "./assistant-snippets";

const ADDRESS = "https://bell.example.com/mcp";

test("without a key, no way has a header", () => {
  const ways = waysToConnect(ADDRESS);
  expect(ways.map(({ name }) => name)).toEqual(["Claude Code", "Claude, ChatGPT", "Cursor", "VS Code", "Inspector"]);
  expect(ways.some(({ code }) => code.includes("Bearer"))).toBe(false);
});

test("with a key, all ways have it, and the files are JSON", () => {
  const ways = waysToConnect(ADDRESS, "mk_1");
  expect(ways.every(({ code }) => code.includes("Bearer mk_1") && code.includes(ADDRESS))).toBe(true);
  for (const name of ["Cursor", "VS Code"]) {
    const code = ways.find((way) => way.name === name)?.code ?? "";
    expect(() => JSON.parse(code.replace(/^\/\/.*\n/, ""))).not.toThrow();
  }
});
