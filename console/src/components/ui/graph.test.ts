import { expect, test } from "vitest";

import type { GraphEdge, GraphNode } from "./graph-layout";
import { edgeLooks, fitting, graphLayout, NODE_HEIGHT, strokeWidth, walk } from "./graph-layout";

const node = (id: string, distance: number): GraphNode => ({ id, title: id, kind: "thing", distance });
const edge = (from: string, to: string, kind = "mentions"): GraphEdge => ({
  from,
  to,
  kind,
  confidence: 0.5,
  reason: "",
});

const NODES = [node("c", 0), node("a", 1), node("b", 1), node("a1", 2), node("b1", 2), node("b2", 2)];
// In the order of their names, a1 would lie above although it belongs to b.
const EDGES = [edge("c", "a"), edge("c", "b"), edge("a", "b1"), edge("a", "b2"), edge("b", "a1")];

const placed = (id: string, nodes = NODES, edges = EDGES) => {
  const found = graphLayout(nodes, edges).nodes.find((one) => one.id === id);
  if (!found) throw new Error(`no node ${id}`);
  return found;
};

test("the distance decides the column, from left to right", () => {
  expect(placed("c").x).toBeLessThan(placed("a").x);
  expect(placed("a").x).toBe(placed("b").x);
  expect(placed("b").x).toBeLessThan(placed("a1").x);
});

test("nodes stand at the height of what they are linked to", () => {
  expect(placed("a").y < placed("b").y).toBe(placed("b1").y < placed("a1").y);
  expect(placed("a").y < placed("b").y).toBe(placed("b2").y < placed("a1").y);
});

test("the same neighbourhood in another order gives the same drawing", () => {
  const places = (nodes: GraphNode[], edges: GraphEdge[]) =>
    graphLayout(nodes, edges)
      .nodes.map(({ id, x, y }) => `${id} ${x} ${y}`)
      .sort();
  expect(places([...NODES].reverse(), [...EDGES].reverse())).toEqual(places(NODES, EDGES));
});

test("no two nodes overlap, with forty of them", () => {
  const nodes = Array.from({ length: 40 }, (_, index) => node(`n${index}`, index === 0 ? 0 : (index % 3) + 1));
  const edges = nodes.slice(1).map((one, index) => edge(`n${index % 7}`, one.id));
  const { nodes: all, height } = graphLayout(nodes, edges);
  for (const one of all) {
    expect(one.y).toBeGreaterThan(0);
    expect(one.y).toBeLessThan(height);
    const beside = all.filter((other) => other !== one && other.x === one.x);
    for (const other of beside) expect(Math.abs(one.y - other.y)).toBeGreaterThan(NODE_HEIGHT);
  }
});

test("edges to nodes that are not shown are left out, and equal pairs are kept apart", () => {
  const { edges } = graphLayout(NODES, [...EDGES, edge("a", "nowhere"), edge("c", "a", "closes"), edge("c", "c")]);
  expect(edges).toHaveLength(EDGES.length + 1);
  expect(new Set(edges.map(({ path }) => path)).size).toBe(edges.length);
  expect(new Set(edges.map(({ id }) => id)).size).toBe(edges.length);
});

test("arrow keys stay in the column up and down, and follow edges left and right", () => {
  const layout = graphLayout(NODES, EDGES);
  expect(walk(layout, "b", "ArrowRight")).toBe("a1");
  expect(walk(layout, "a1", "ArrowLeft")).toBe("b");
  expect(["a", "b"]).toContain(walk(layout, "a", "ArrowDown") ?? walk(layout, "a", "ArrowUp"));
  expect(walk(layout, "c", "ArrowLeft")).toBeNull();
});

test("every kind of edge has a look of its own", () => {
  const edges = Array.from({ length: 12 }, (_, index) => edge("a", "b", `kind ${index}`));
  const looks = [...edgeLooks(edges).values()].map((look) => JSON.stringify(look));
  expect(new Set(looks).size).toBe(12);
});

test("confidence widens the stroke within bounds, and long titles are cut", () => {
  expect(strokeWidth(0)).toBe(1);
  expect(strokeWidth(7)).toBe(4);
  expect(fitting("Runbook: failing endpoints", 10)).toBe("Runbook:…");
});
