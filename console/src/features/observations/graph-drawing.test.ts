import { expect, test } from "vitest";

import type { Observation } from "../../lib/api";
import { drawing, strongest } from "./graph-drawing";

const observation = (id: string): Observation => ({
  id,
  workspace_id: "ws",
  source_id: "s",
  provider: "github",
  type: "push",
  title: id,
  significance: 1,
  category: "other",
  topics: [],
  occurred_at: "2026-01-01T00:00:00Z",
  captured_at: "2026-01-01T00:00:00Z",
});

/** A neighbourhood by its pairs; each node has its distance in its name: "b1". */
function graph(...pairs: [string, string][]) {
  const names = [...new Set(pairs.flat())];
  const about = {
    type: "fixes",
    confidence: 1,
    linking_key: "#1",
    linking_key_type: "issue",
    detection_method: "explicit",
  };
  return {
    nodes: names.map((id) => ({ distance: Number(id.at(-1)), observation: observation(id) })),
    edges: pairs.map(([from, to]) => ({ ...about, from, to })),
    is_cut: false,
  };
}

test("nodes keep their distance, and edges their direction and reason", () => {
  const { nodes, edges, notDrawn } = drawing(graph(["a0", "b1"], ["c2", "b1"]));
  expect(nodes.map(({ id, distance }) => [id, distance])).toEqual([
    ["a0", 0],
    ["b1", 1],
    ["c2", 2],
  ]);
  expect(edges.map(({ from, to, reason }) => [from, to, reason])).toEqual([
    ["a0", "b1", "This text names issue #1."],
    ["c2", "b1", "This text names issue #1."],
  ]);
  expect(notDrawn).toBe(0);
});

test("a pair has one edge: the one that says most, with all reasons", () => {
  const edge = { from: "a", to: "b", confidence: 1 };
  const edges = strongest([
    { ...edge, kind: "same_commit", reason: "Same." },
    { from: "b", to: "a", kind: "fixes", confidence: 0.8, reason: "Named." },
  ]);
  expect(edges).toEqual([{ from: "b", to: "a", kind: "fixes", confidence: 1, reason: "Named. Same." }]);
});

test("where all of a column are tied to each other, these edges are left out and counted", () => {
  const column = Array.from({ length: 8 }, (_, at) => `${String.fromCharCode(98 + at)}1`);
  const among = column.flatMap((from, at) => column.slice(at + 1).map((to) => [from, to] as [string, string]));
  const { edges, notDrawn } = drawing(graph(...column.map((to) => ["a0", to] as [string, string]), ...among));
  expect(edges).toHaveLength(8);
  expect(notDrawn).toBe(28);
});
