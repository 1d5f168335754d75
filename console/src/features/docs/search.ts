// Finds the sections that have all words that are looked for, those with the words in their title first.

import type { Section } from "./sections";

export type Page = { name: string; sections: Section[] };
export type Hit = { page: string; section: Section; excerpt: Part[] };
/** A piece of text, which is one of the words or not. */
export type Part = { text: string; isHit: boolean };

const MOST = 30;
const AROUND = 70;

export function wordsOf(query: string): string[] {
  return [
    ...new Set(
      query
        .toLowerCase()
        .split(/\s+/)
        .filter((word) => word.length > 1),
    ),
  ];
}

export function search(pages: Page[], query: string): Hit[] {
  const words = wordsOf(query);
  if (words.length === 0) return [];
  const hits = pages.flatMap(({ name, sections }) =>
    sections.flatMap((section) => {
      const title = section.title.toLowerCase();
      const body = section.body.toLowerCase();
      if (!words.every((word) => title.includes(word) || body.includes(word))) return [];
      const score = words.reduce(
        (sum, word) => sum + (title.includes(word) ? 10 : 0) + Math.min(5, body.split(word).length - 1),
        0,
      );
      return [{ page: name, section, score, excerpt: marked(excerptOf(section.body, words), words) }];
    }),
  );
  return hits.sort((a, b) => b.score - a.score).slice(0, MOST);
}

/** Some text around the first of the words, in one line. */
export function excerptOf(body: string, words: string[]): string {
  const text = body
    .replace(/[`*|#>]/g, " ")
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replace(/\s+/g, " ");
  const lower = text.toLowerCase();
  const places = words.map((word) => lower.indexOf(word)).filter((place) => place >= 0);
  const from = places.length > 0 ? Math.max(0, Math.min(...places) - AROUND) : 0;
  const start = from === 0 ? 0 : text.indexOf(" ", from) + 1;
  const end = start + 3 * AROUND;
  return `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`;
}

export function marked(text: string, words: string[]): Part[] {
  if (words.length === 0) return [{ text, isHit: false }];
  const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
  return text
    .split(pattern)
    .filter((part) => part !== "")
    .map((part) => ({ text: part, isHit: words.includes(part.toLowerCase()) }));
}
