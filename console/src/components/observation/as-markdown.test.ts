import { expect, test } from "vitest";

import { asMarkdown } from "./as-markdown";

const IT = {
  id: "obs_1",
  workspace_id: "ws",
  source_id: "s",
  provider: "github",
  type: "pull_request.closed",
  title: "[PR Closed] Fix the bell",
  significance: 80,
  category: "bug_fix",
  category_method: "pattern",
  topics: [],
  actor: { id: "1", name: "ada" },
  occurred_at: "2026-01-01T00:00:00Z",
  captured_at: "2026-01-01T00:00:00Z",
  body: "It rings.",
  references: [],
  entities: [],
  metadata: { url: "https://github.com/acme/shop/pull/1" },
};

test("an observation is copied with its facts, its text and what it is related to", () => {
  const edge = {
    type: "fixes",
    confidence: 1,
    linking_key: "#1",
    linking_key_type: "issue",
    detection_method: "explicit",
    direction: "outgoing",
    observation: { ...IT, title: "[Issue Opened] It does not ring" },
  };
  expect(asMarkdown(IT, [edge], "http://x.example/o")).toBe(
    "# Fix the bell\n\n- PR Closed at [GitHub](https://github.com/acme/shop/pull/1) by ada\n- 2026-01-01T00:00:00Z, significance 80 of 100\n- http://x.example/o\n\nIt rings.\n\n## Related\n\n- Fixes: It does not ring\n",
  );
});

test("empty parts are left out", () => {
  expect(asMarkdown({ ...IT, body: "" }, [], "x")).not.toContain("##");
});
