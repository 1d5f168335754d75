// The variables that exist in a workflow's templates and conditions: those that always do, and those that its data have.

import type { CodeVariable } from "../../../components/ui/liquid-variables";
import { asList, asObject, asText, isObject } from "../../../lib/json";
import { allSteps, type Doc } from "./document";

const ALWAYS: CodeVariable[] = [
  ...["id", "name", "email", "phone_number", "avatar", "locale", "timezone"].map((name) => ({
    name: `recipient.${name}`,
    detail: "the recipient",
  })),
  ...["id", "name", "email", "avatar"].map((name) => ({ name: `actor.${name}`, detail: "who caused it" })),
  ...["id", "name"].map((name) => ({ name: `tenant.${name}`, detail: "the tenant" })),
  { name: "total_activities", detail: "how many were gathered" },
  { name: "activities", detail: "what was gathered" },
  { name: "total_actors", detail: "how many caused it" },
  { name: "actors", detail: "who caused it" },
  { name: "vars.app_name", detail: "text" },
  { name: "vars.app_url", detail: "address" },
  { name: "vars.manage_preferences_url", detail: "the recipient's page of preferences" },
  { name: "vars.commercial_unsubscribe_url", detail: "the recipient's page to unsubscribe" },
  { name: "workflow.key", detail: "text" },
  { name: "workflow.name", detail: "text" },
  { name: "workflow.categories", detail: "list" },
  { name: "run.total_activities", detail: "number" },
  { name: "timestamp", detail: "the time of the run" },
];

const OWN = new Set([
  "data",
  "recipient",
  "actor",
  "actors",
  "tenant",
  "vars",
  "refs",
  "run",
  "workflow",
  "activities",
  "total_activities",
  "total_actors",
  "timestamp",
]);
const DEPTH = 4;

/** All paths in a value, with the kind of what is there. */
function pathsIn(value: unknown, prefix: string, depth = 0): CodeVariable[] {
  const kind = Array.isArray(value) ? "list" : value === null ? "null" : typeof value;
  const own = { name: prefix, detail: kind };
  if (!isObject(value) || depth >= DEPTH) return [own];
  return [own, ...Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, `${prefix}.${name}`, depth + 1))];
}

/** An example of what a JSON schema describes. */
export function exampleOf(schema: unknown, depth = 0): unknown {
  const it = asObject(schema);
  const example = asList(it.examples)[0] ?? it.example ?? it.default ?? it.const ?? asList(it.enum)[0];
  if (example !== undefined) return example;
  const type = asText(it.type) ?? asText(asList(it.type)[0]);
  if ((type === "object" || it.properties) && depth < DEPTH) {
    const names = [
      ...new Set([
        ...Object.keys(asObject(it.properties)),
        ...asList(it.required).flatMap((name) => asText(name) ?? []),
      ]),
    ];
    return Object.fromEntries(names.map((name) => [name, exampleOf(asObject(it.properties)[name], depth + 1)]));
  }
  switch (type) {
    case "array":
      return it.items && depth < DEPTH ? [exampleOf(it.items, depth + 1)] : [];
    case "number":
    case "integer":
      return 1;
    case "boolean":
      return true;
    default:
      return "text";
  }
}

/** `samples` are data of triggers, and `recipients` properties of recipients, as they were seen. */
export function variablesOf(doc: Doc, samples: unknown[], recipients: unknown[] = []): CodeVariable[] {
  const schema = doc.trigger_data_json_schema;
  const data = Object.assign({}, schema ? asObject(exampleOf(schema)) : {}, ...samples.map(asObject)) as Record<
    string,
    unknown
  >;
  const paths = Object.entries(data).flatMap(([name, value]) => pathsIn(value, name));
  const bare = paths.filter(({ name }) => !OWN.has(name.split(".")[0] ?? ""));
  const properties = Object.assign({}, ...recipients.map(asObject)) as Record<string, unknown>;
  const found = [
    ...ALWAYS,
    ...Object.entries(properties)
      .filter(([name]) => !name.startsWith("__"))
      .flatMap(([name, value]) => pathsIn(value, `recipient.${name}`, 2)),
    ...bare,
    ...paths.map(({ name, detail }) => ({ name: `data.${name}`, ...(detail && { detail }) })),
    ...allSteps(doc.steps)
      .filter(({ type }) => type === "wait_for_event")
      .map(({ ref }) => ({ name: `refs.${ref}.matched`, detail: "boolean" })),
  ];
  return [...new Map(found.map((variable) => [variable.name, variable])).values()];
}

/** The names that conditions can compare: they always begin with where they are. */
export function comparable(variables: CodeVariable[]): string[] {
  return variables
    .map(({ name }) => name)
    .filter((name) => /^(data|recipient|actor|tenant|vars|workflow|run|refs)\./.test(name));
}
