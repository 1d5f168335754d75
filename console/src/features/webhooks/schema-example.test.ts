import { describe, expect, it } from "vitest";

import { exampleFrom } from "./schema-example";

describe("an example of a schema", () => {
  it("is the schema's own, where it has one", () => {
    expect(exampleFrom({ type: "object", examples: [{ id: 7 }] })).toEqual({ id: 7 });
    expect(exampleFrom({ const: "invoice.paid" })).toBe("invoice.paid");
    expect(exampleFrom({ enum: ["eur", "usd"] })).toBe("eur");
  });

  it("has every property, each of its type and format", () => {
    const schema = {
      type: "object",
      properties: {
        id: { type: "string", format: "uuid" },
        at: { type: "string", format: "date-time" },
        amount: { type: "integer", minimum: 100 },
        paid: { type: "boolean" },
        lines: { type: "array", items: { type: "object", properties: { name: { type: ["string", "null"] } } } },
      },
    };
    expect(exampleFrom(schema)).toEqual({
      id: "3f2a1b9c-1d2e-4f5a-8b7c-9d0e1f2a3b4c",
      at: "2026-02-07T09:30:00Z",
      amount: 100,
      paid: true,
      lines: [{ name: "text" }],
    });
  });

  it("takes all parts of allOf and the first of oneOf", () => {
    expect(
      exampleFrom({
        allOf: [{ type: "object", properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } } }],
      }),
    ).toEqual({ a: 1, b: 2 });
    expect(exampleFrom({ oneOf: [{ const: "first" }, { const: "second" }] })).toBe("first");
  });

  it("ends where a schema contains itself", () => {
    const tree: Record<string, unknown> = { type: "object", properties: {} };
    tree.properties = { child: tree };
    expect(JSON.stringify(exampleFrom(tree))).toContain("null");
  });
});
