import { expect, test } from "vitest";

import type { Observation } from "../../lib/api";
import { type Edge, grouped, kindInWords, reasonInWords } from "./edges";
import { entitiesOf, referencesOf, shortened } from "./references";

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
const edge = (to: string, type: string, confidence = 1, more: Partial<Edge> = {}): Edge => ({
  type,
  confidence,
  linking_key: "#11",
  linking_key_type: "issue",
  detection_method: "explicit",
  direction: "outgoing",
  observation: observation(to),
  ...more,
});

test("edges to the same observation stand together, the most certain first", () => {
  const groups = grouped([edge("a", "references", 0.5), edge("b", "same_commit"), edge("b", "same_branch", 0.8)]);
  expect(groups.map(({ observation, edges }) => [observation.id, edges.length])).toEqual([
    ["b", 2],
    ["a", 1],
  ]);
});

test("a kind is told from the side of the observation that is looked at", () => {
  expect(kindInWords(edge("a", "fixes"))).toBe("Fixes");
  expect(kindInWords(edge("a", "fixes", 1, { direction: "incoming" }))).toBe("Fixed by");
  expect(kindInWords(edge("a", "new_kind"))).toBe("new kind");
});

test("reasons are sentences, with short commits", () => {
  expect(reasonInWords(edge("a", "fixes"))).toBe("This text names issue #11.");
  const commit = {
    detection_method: "commit_match",
    linking_key: "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
    linking_key_type: "commit",
  };
  expect(reasonInWords(edge("a", "same_commit", 1, commit))).toBe("Both belong to commit ec26c3e.");
});

test("references are listed once, with their address where one has it", () => {
  const groups = referencesOf([
    { type: "pr", id: "#2" },
    { type: "pr", id: "#2", url: "https://x.example/2" },
    { type: "label", id: "bug" },
    { type: "x" },
  ]);
  expect(groups).toEqual([
    ["pr", [{ type: "pr", id: "#2", url: "https://x.example/2" }]],
    ["label", [{ type: "label", id: "bug", url: undefined }]],
  ]);
});

test("only hashes are shortened", () => {
  expect(shortened("branch", "changes")).toBe("changes");
  expect(shortened("commit", "main")).toBe("main");
  expect(shortened("commit", "ec26c3e57ca3a959ca5aad62de7213c562f8c821")).toBe("ec26c3e");
});

test("entities are listed once", () => {
  expect(
    entitiesOf([
      { category: "engineer", key: "@ada", value: "ada", confidence: 0.9 },
      { category: "engineer", key: "@ada" },
      3,
    ]),
  ).toHaveLength(1);
});
