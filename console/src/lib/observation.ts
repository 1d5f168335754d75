// How an observation is read in one line: its title without marks, what kind of event it was, and who did it.

import type { Observation } from "./api";
import { words } from "./format";
import { asObject, asText } from "./json";

/** `[PR Closed] Fix the bell` as what happened and to what; Markdown marks of a comment's first line are left out. */
export function readTitle({ title, type }: Pick<Observation, "title" | "type">): { kind: string; text: string } {
  const [, prefix, rest] = /^\[([^\]]{1,40})\]\s*(.+)$/s.exec(title) ?? [];
  const kind = prefix ?? kindOf(type);
  return { kind, text: plain(rest ?? title) || kind };
}

/** `issue_comment.created` as "Issue comment created". */
export function kindOf(type: string): string {
  const text = words(type.replaceAll(".", " ").replaceAll("-", " "));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Without the marks of Markdown that stand in a line. */
export function plain(line: string): string {
  return line
    .replace(/!?\[([^\]]+)\]\([^)\s]*\)/g, "$1")
    .replace(/(^|\s)#{1,6}\s+/g, "$1")
    .replace(/(\*\*|__|`)(.+?)\1/g, "$2")
    .replace(/\s+/g, " ")
    .trim();
}

export type Actor = { id: string; name: string; avatar?: string };

export function actorOf({ actor }: Pick<Observation, "actor">): Actor | undefined {
  const it = asObject(actor);
  const id = asText(it.actor_id) ?? asText(it.id);
  const name = asText(it.name) ?? id;
  return id && name ? { id, name, avatar: asText(it.avatar_url) } : undefined;
}

/** Where it is seen at its provider; only addresses of the web. */
export function linkOf(metadata: unknown): string | undefined {
  const url = asText(asObject(metadata).url);
  return url && /^https?:\/\//.test(url) ? url : undefined;
}
