// An example made from a JSON Schema: what its own words give, and else a value of the type.

import { asList, asObject, asText, isObject } from "../../lib/json";

/** Schemas may contain themselves. */
const DEPTH = 8;

const BY_FORMAT: Record<string, unknown> = {
  "date-time": "2026-02-07T09:30:00Z",
  date: "2026-02-07",
  time: "09:30:00Z",
  email: "ada@example.com",
  uri: "https://example.com/",
  url: "https://example.com/",
  uuid: "3f2a1b9c-1d2e-4f5a-8b7c-9d0e1f2a3b4c",
  hostname: "example.com",
  ipv4: "192.0.2.1",
};

export function exampleFrom(schema: unknown, depth = 0): unknown {
  if (!isObject(schema) || depth > DEPTH) return null;
  const given = [schema.const, asList(schema.examples)[0], schema.example, schema.default, asList(schema.enum)[0]];
  const found = given.find((value) => value !== undefined);
  if (found !== undefined) return found;
  if (Array.isArray(schema.allOf)) return merged(schema.allOf.map((part) => exampleFrom(part, depth + 1)));
  const choice = asList(schema.oneOf)[0] ?? asList(schema.anyOf)[0];
  if (choice) return exampleFrom(choice, depth + 1);
  return byType(schema, depth);
}

function byType(schema: Record<string, unknown>, depth: number): unknown {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  if (type === "object" || (type === undefined && schema.properties)) {
    const properties = Object.entries(asObject(schema.properties));
    return Object.fromEntries(properties.map(([name, part]) => [name, exampleFrom(part, depth + 1)]));
  }
  if (type === "array") return schema.items ? [exampleFrom(schema.items, depth + 1)] : [];
  if (type === "integer" || type === "number")
    return asNumber(schema.minimum) ?? asNumber(schema.exclusiveMinimum) ?? 1;
  if (type === "boolean") return true;
  if (type === "string") return BY_FORMAT[asText(schema.format) ?? ""] ?? "text";
  return null;
}

function asNumber(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function merged(parts: unknown[]): unknown {
  return parts.every(isObject) ? Object.assign({}, ...parts) : parts[0];
}
