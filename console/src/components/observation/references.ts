// The references of an observation: commits, pull requests, branches, labels, people.

import { words } from "../../lib/format";
import { asObject, asText } from "../../lib/json";

export type Reference = { type: string; id: string; url?: string };

/** Each once, by type. */
export function referencesOf(list: unknown[]): [type: string, references: Reference[]][] {
  const groups = new Map<string, Map<string, Reference>>();
  for (const one of list) {
    const { type, id, url } = asObject(one);
    const kind = asText(type) ?? "other";
    const name = asText(id);
    if (!name) continue;
    const address = asText(url);
    const group = groups.get(kind) ?? new Map<string, Reference>();
    const known = group.get(name);
    group.set(name, {
      type: kind,
      id: name,
      url: known?.url ?? (address && /^https?:\/\//.test(address) ? address : undefined),
    });
    groups.set(kind, group);
  }
  return [...groups].map(([type, group]) => [type, [...group.values()]]);
}

const SHA = /^[0-9a-f]{12,64}$/i;

/** A commit by its first seven digits; all else as it is. */
export const shortened = (type: string, id: string): string =>
  type === "commit" || SHA.test(id) ? id.slice(0, SHA.test(id) ? 7 : id.length) : id;

const TITLES: Record<string, [one: string, many: string]> = {
  pr: ["Pull request", "Pull requests"],
  commit: ["Commit", "Commits"],
  branch: ["Branch", "Branches"],
};

export function typeTitle(type: string, count: number): string {
  const known = TITLES[type];
  if (known) return known[count === 1 ? 0 : 1];
  const text = words(type);
  return text.charAt(0).toUpperCase() + text.slice(1) + (count === 1 || text.endsWith("s") ? "" : "s");
}

export type Entity = { category: string; key: string; value: string; confidence?: number; isOfModel: boolean };

export function entitiesOf(list: unknown[]): Entity[] {
  const seen = new Set<string>();
  return list.flatMap((one) => {
    const { category, key, value, confidence, method } = asObject(one);
    const name = asText(key);
    const kind = asText(category) ?? "other";
    if (!name || seen.has(`${kind} ${name}`)) return [];
    seen.add(`${kind} ${name}`);
    return [
      {
        category: kind,
        key: name,
        value: asText(value) ?? name,
        confidence: typeof confidence === "number" ? confidence : undefined,
        isOfModel: method === "model",
      },
    ];
  });
}
