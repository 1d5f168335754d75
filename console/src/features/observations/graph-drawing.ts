// The drawn part of an observation's neighbourhood: one edge for each pair, and not so many that they cover all else.

import { reasonInWords } from "../../components/observation/edges";
import type { GraphEdge, GraphNode } from "../../components/ui/graph-layout";
import type { Observation, Schemas } from "../../lib/api";
import { readTitle } from "../../lib/observation";
import { providerName } from "../../lib/providers";

type Neighbourhood = Schemas["Neighbourhood"];

export type Drawing = {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** How many edges between observations of the same distance are not drawn, since they would cover all else. */
  notDrawn: number;
};

/** So many edges within a column can still be told apart. */
const WITHIN_COLUMN = 12;

export function drawing({ nodes, edges }: Neighbourhood): Drawing {
  const distances = new Map(nodes.map(({ observation, distance }) => [observation.id, distance]));
  const pairs = strongest(edges.map(drawnOf));
  const isWithin = ({ from, to }: GraphEdge) => distances.get(from) === distances.get(to);
  const isCrowded = pairs.filter(isWithin).length > WITHIN_COLUMN;
  const drawn = isCrowded ? pairs.filter((edge) => !isWithin(edge)) : pairs;
  return {
    nodes: nodes.map(({ observation, distance }) => nodeOf(observation, distance)),
    edges: drawn,
    notDrawn: pairs.length - drawn.length,
  };
}

/** One edge for each pair: the one that says most, with all reasons. */
export function strongest(edges: GraphEdge[]): GraphEdge[] {
  const pairs = new Map<string, GraphEdge>();
  for (const edge of edges) {
    const key = [edge.from, edge.to].sort().join(" ");
    const known = pairs.get(key);
    if (!known) pairs.set(key, edge);
    else {
      const [best, other] = weight(edge) > weight(known) ? [edge, known] : [known, edge];
      const reason = best.reason.includes(other.reason) ? best.reason : `${best.reason} ${other.reason}`;
      pairs.set(key, { ...best, confidence: Math.max(best.confidence, other.confidence), reason });
    }
  }
  return [...pairs.values()];
}

/** That something fixes something says more than that both are on a branch. */
const weight = ({ kind, confidence }: GraphEdge) =>
  confidence + (kind.startsWith("same_") ? 0 : kind === "references" ? 1 : 2);

function nodeOf(observation: Observation, distance: number): GraphNode {
  const { kind, text } = readTitle(observation);
  return { id: observation.id, title: text, subtitle: kind, kind: providerName(observation.provider), distance };
}

function drawnOf(edge: Neighbourhood["edges"][number]): GraphEdge {
  const reason = reasonInWords({ ...edge, direction: "outgoing" });
  return { from: edge.from, to: edge.to, kind: edge.type, confidence: edge.confidence, reason };
}
