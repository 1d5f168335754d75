// Places the nodes of a neighbourhood: columns by distance from the centre, ordered so that few edges cross.
//
// Deterministic: the same nodes and edges always give the same drawing.

export interface GraphNode {
  id: string;
  title: string;
  subtitle?: string;
  kind: string;
  /** Steps from the centre: 0 to 3. */
  distance: number;
}

export interface GraphEdge {
  from: string;
  to: string;
  kind: string;
  /** From 0 to 1. */
  confidence: number;
  /** Why the edge was drawn. */
  reason: string;
}

export interface PlacedNode extends GraphNode {
  /** The middle of the node. */
  x: number;
  y: number;
}

export interface PlacedEdge extends GraphEdge {
  id: string;
  /** An SVG path. */
  path: string;
}

export interface GraphLayout {
  nodes: PlacedNode[];
  edges: PlacedEdge[];
  width: number;
  height: number;
}

export const NODE_WIDTH = 200;
export const NODE_HEIGHT = 44;
const COLUMN = 310;
const ROW = 54;
const MARGIN = 24;
/** Sweeps over the columns; the order no longer changes after a few. */
const SWEEPS = 6;

export function graphLayout(nodes: GraphNode[], edges: GraphEdge[]): GraphLayout {
  const columns = inColumns(nodes);
  const linked = links(nodes, edges);
  const tallest = Math.max(...columns.map((column) => column.length), 1);
  const height = tallest * ROW + 2 * MARGIN;

  const y = new Map<string, number>();
  const settle = (column: GraphNode[]) => {
    const top = height / 2 - ((column.length - 1) * ROW) / 2;
    for (const [row, node] of column.entries()) y.set(node.id, top + row * ROW);
  };
  for (const column of columns) settle(column);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const column of columns) {
      const middle = new Map(column.map((node) => [node.id, barycentre(node, linked, y)]));
      column.sort((a, b) => (middle.get(a.id) ?? 0) - (middle.get(b.id) ?? 0) || byName(a, b));
      settle(column);
    }
  }

  const placed = columns.flatMap((column, index) =>
    column.map((node) => ({ ...node, x: MARGIN + NODE_WIDTH / 2 + index * COLUMN, y: y.get(node.id) ?? 0 })),
  );
  const byId = new Map(placed.map((node) => [node.id, node]));
  // Edges within the last column curve outwards to its right.
  const width = 2 * MARGIN + NODE_WIDTH + (columns.length - 1) * COLUMN + (columns.length === 1 ? 0 : 40);
  return { nodes: placed, edges: placeEdges(edges, byId), width, height };
}

const byName = (a: GraphNode, b: GraphNode) =>
  a.kind.localeCompare(b.kind) || a.title.localeCompare(b.title) || (a.id < b.id ? -1 : 1);

/** Columns without a gap, should a distance have no nodes. */
function inColumns(nodes: GraphNode[]): GraphNode[][] {
  const distances = [...new Set(nodes.map((node) => node.distance))].sort((a, b) => a - b);
  return distances.map((distance) => nodes.filter((node) => node.distance === distance).sort(byName));
}

function links(nodes: GraphNode[], edges: GraphEdge[]): Map<string, string[]> {
  const linked = new Map(nodes.map((node) => [node.id, [] as string[]]));
  for (const { from, to } of edges) {
    if (from === to || !linked.has(from) || !linked.has(to)) continue;
    linked.get(from)?.push(to);
    linked.get(to)?.push(from);
  }
  return linked;
}

function barycentre(node: GraphNode, linked: Map<string, string[]>, y: Map<string, number>): number {
  const beside = (linked.get(node.id) ?? []).map((id) => y.get(id) ?? 0);
  return beside.length ? beside.reduce((sum, at) => sum + at, 0) / beside.length : (y.get(node.id) ?? 0);
}

function placeEdges(edges: GraphEdge[], nodes: Map<string, PlacedNode>): PlacedEdge[] {
  const seen = new Map<string, number>();
  return edges.flatMap((edge, index) => {
    const from = nodes.get(edge.from);
    const to = nodes.get(edge.to);
    if (!from || !to || from === to) return [];
    // Several edges between the same two nodes are spread, so that each can be pointed at.
    const pair = [edge.from, edge.to].sort().join(" ");
    const nth = seen.get(pair) ?? 0;
    seen.set(pair, nth + 1);
    const spread = nth === 0 ? 0 : Math.ceil(nth / 2) * 9 * (nth % 2 ? 1 : -1);
    return [{ ...edge, id: `${pair} ${index}`, path: edgePath(from, to, spread) }];
  });
}

function edgePath(from: PlacedNode, to: PlacedNode, spread: number): string {
  if (from.x === to.x) {
    const side = from.x + NODE_WIDTH / 2;
    const bend = side + 28 + Math.min(Math.abs(from.y - to.y) / 8, 32) + Math.abs(spread);
    return `M${side} ${from.y + spread / 2}C${bend} ${from.y} ${bend} ${to.y} ${side} ${to.y + spread / 2}`;
  }
  const way = Math.sign(to.x - from.x);
  const start = from.x + (way * NODE_WIDTH) / 2;
  const end = to.x - (way * NODE_WIDTH) / 2;
  const middle = (start + end) / 2;
  return `M${start} ${from.y + spread}C${middle} ${from.y + spread} ${middle} ${to.y + spread} ${end} ${to.y + spread}`;
}

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

/** The node that an arrow key leads to: up and down within a column, left and right to a linked node if there is one. */
export function walk(layout: GraphLayout, id: string, arrow: Arrow): string | null {
  const node = layout.nodes.find((one) => one.id === id);
  if (!node) return null;
  if (arrow === "ArrowUp" || arrow === "ArrowDown") {
    const column = layout.nodes.filter((one) => one.x === node.x).sort((a, b) => a.y - b.y);
    return column[column.indexOf(node) + (arrow === "ArrowDown" ? 1 : -1)]?.id ?? null;
  }
  const aside = layout.nodes.filter((one) => (arrow === "ArrowRight" ? one.x > node.x : one.x < node.x));
  const isLinked = (one: PlacedNode) =>
    layout.edges.some(({ from, to }) => (from === id && to === one.id) || (to === id && from === one.id));
  const cost = (one: PlacedNode) => (isLinked(one) ? 0 : 10_000) + Math.abs(one.x - node.x) + Math.abs(one.y - node.y);
  return aside.sort((a, b) => cost(a) - cost(b))[0]?.id ?? null;
}

/** How the kinds of edges are told apart: by colour and by dash. */
export interface EdgeLook {
  colour: string;
  dash: string | undefined;
}

const COLOURS = ["var(--info)", "var(--bronze)", "var(--good)", "var(--bad)", "var(--quiet)"];
const DASHES = [undefined, "7 4", "2 4", "10 3 2 3"];

/** By the order of the kinds' names, so that a kind keeps its look while the same kinds are shown. */
export function edgeLooks(edges: GraphEdge[]): Map<string, EdgeLook> {
  const kinds = [...new Set(edges.map(({ kind }) => kind))].sort();
  return new Map(
    kinds.map((kind, index) => [
      kind,
      { colour: COLOURS[index % COLOURS.length] ?? "var(--quiet)", dash: DASHES[index % DASHES.length] },
    ]),
  );
}

export const strokeWidth = (confidence: number) => 1 + Math.min(Math.max(confidence, 0), 1) * 3;

/** Shortens a title to what fits into a node. */
export function fitting(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, characters - 1).trimEnd()}…` : text;
}
