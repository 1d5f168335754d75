// The edges of an observation in words: what each says, why it was drawn, and all that lead to the same observation together.

import type { Observation, Schemas } from "../../lib/api";
import { words } from "../../lib/format";
import { shortened } from "./references";

export type Edge = Schemas["PageView_EdgeView"]["data"][number];
export type EdgeGroup = { observation: Observation; edges: Edge[]; confidence: number };

/** One group for each other observation, the most certain first. */
export function grouped(edges: Edge[]): EdgeGroup[] {
  const groups = new Map<string, EdgeGroup>();
  for (const edge of edges) {
    const group = groups.get(edge.observation.id) ?? { observation: edge.observation, edges: [], confidence: 0 };
    group.edges.push(edge);
    group.confidence = Math.max(group.confidence, edge.confidence);
    groups.set(edge.observation.id, group);
  }
  return [...groups.values()].sort((a, b) => b.confidence - a.confidence || b.edges.length - a.edges.length);
}

const KINDS: Record<string, [outgoing: string, incoming: string]> = {
  fixes: ["Fixes", "Fixed by"],
  resolves: ["Resolves", "Resolved by"],
  triggers: ["Triggers", "Triggered by"],
  deploys: ["Deploys", "Deployed by"],
  references: ["Refers to", "Referred to by"],
  tracked_in: ["Tracked in", "Tracks"],
  same_commit: ["Same commit", "Same commit"],
  same_branch: ["Same branch", "Same branch"],
};

/** The relation of this observation to the other one. */
export function kindInWords({ type, direction }: Pick<Edge, "type" | "direction">): string {
  const [outgoing, incoming] = KINDS[type] ?? [words(type), words(type)];
  return direction === "incoming" ? incoming : outgoing;
}

/** Why the server drew it. */
export function reasonInWords({
  detection_method,
  linking_key,
  linking_key_type,
  direction,
}: Omit<Edge, "observation">): string {
  const thing = linking_key_type === "pr" ? "pull request" : words(linking_key_type);
  const named = `${thing} ${shortened(linking_key_type, linking_key)}`;
  switch (detection_method) {
    case "explicit":
      return `${direction === "incoming" ? "The text of the other" : "This text"} names ${named}.`;
    case "commit_match":
    case "branch_match":
    case "pr_match":
      return `Both belong to ${named}.`;
    case "entity_cooccurrence":
      return `Both name ${named}.`;
    default:
      return `${words(detection_method)}: ${named}.`;
  }
}
