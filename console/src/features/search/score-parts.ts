// The parts of a result's score, with the range of each, and the parts that put one result before another.

import type { Schemas } from "../../lib/api";

export type Parts = Schemas["Explanation"];

export type ScorePart = { key: keyof Parts; title: string; about: string; from: number; to: number };

/** The parts that are added up, as docs/search.md states them. */
export const ADDED_PARTS: ScorePart[] = [
  { key: "lexical", title: "Words", about: "the words of the query, by how rare they are", from: 0, to: 1 },
  { key: "vector", title: "Meaning", about: "how near it is to the query in other words", from: 0, to: 1 },
  {
    key: "facts",
    title: "Facts",
    about: "the share of the query that names who, where or what kind",
    from: 0,
    to: 0.8,
  },
  { key: "kind", title: "Kind", about: "the kind of event that the question begins with", from: 0, to: 0.4 },
  { key: "graph", title: "Graph", about: "an edge ties it to one of the best", from: 0, to: 0.7 },
  { key: "proximity", title: "Proximity", about: "how close together the words stand", from: 0, to: 0.2 },
  { key: "heading", title: "Heading", about: "the share of the query in the title", from: 0, to: 0.2 },
  { key: "importance", title: "Importance", about: "the significance and the kind of event", from: 0, to: 0.1 },
];

export const RECENCY: ScorePart = {
  key: "recency",
  title: "Recency",
  about: "the sum is multiplied by it",
  from: 0.92,
  to: 1,
};

/** The relevance by the model that orders results, where one did: it is the score then. */
export const RELEVANCE: ScorePart = {
  key: "rerank",
  title: "Relevance",
  about: "by the model that orders results",
  from: 0,
  to: 1,
};

export const pointsOf = (parts: Parts, part: ScorePart): number => parts[part.key] ?? 0;

/** The share of its range that a part has, from 0 to 1. */
export const shareOf = (part: ScorePart, value: number): number =>
  Math.max(0, Math.min(1, (value - part.from) / (part.to - part.from)));

export const sumOf = (parts: Parts): number => ADDED_PARTS.reduce((sum, part) => sum + pointsOf(parts, part), 0);

export type Difference = { title: string; by: number };

/** Smaller differences are not worth a word. */
const NOTABLE = 0.005;

/** The parts in which one result has more than another, the largest difference first. A model's relevance decides alone. */
export function advantages(of: Parts, over: Parts): Difference[] {
  if (typeof of.rerank === "number" && typeof over.rerank === "number") {
    const by = of.rerank - over.rerank;
    return by > NOTABLE ? [{ title: RELEVANCE.title, by }] : [];
  }
  const added = ADDED_PARTS.map((part) => ({ title: part.title, by: pointsOf(of, part) - pointsOf(over, part) }));
  // A factor moves the score by as much as it is times the sum.
  const recency = (of.recency - over.recency) * Math.min(sumOf(of), sumOf(over));
  return [...added, { title: RECENCY.title, by: recency }]
    .filter(({ by }) => by > NOTABLE)
    .sort((one, other) => other.by - one.by);
}
