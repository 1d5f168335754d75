import { expect, test } from "vitest";

import { readFile, requestsOf } from "./files";

const file = (name: string, ...parts: BlobPart[]) => new File(parts, name);

test("files are read as text below their folder, and others are told", async () => {
  expect(await readFile(file("a.md", "# Größe"), "/docs/ops/")).toEqual({ path: "docs/ops/a.md", content: "# Größe" });
  expect(await readFile(file("a.md", "x"), " ")).toEqual({ path: "a.md", content: "x" });
  expect((await readFile(file("b.png", new Uint8Array([0x89, 0xff, 0xfe])), "")).problem).toBe("is no UTF-8 text");
  expect((await readFile(file("c", "a\0b"), "")).problem).toBe("is no text");
  expect((await readFile(file("d.md", "x".repeat(2 * 1024 * 1024 + 1)), "")).problem).toBe("is larger than 2 MiB");
});

test("a request has a hundred documents, and a few mebibytes", () => {
  const small = Array.from({ length: 250 }, (_, n) => ({ path: `${n}`, content: "x" }));
  expect(requestsOf(small).map((documents) => documents.length)).toEqual([100, 100, 50]);
  const large = Array.from({ length: 5 }, (_, n) => ({ path: `${n}`, content: "x".repeat(1_500_000) }));
  expect(requestsOf(large).map((documents) => documents.length)).toEqual([2, 2, 1]);
});
