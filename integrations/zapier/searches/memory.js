// Find in Memory: observations, passages of documents and summaries, the best first. Nothing is found if nothing fits: what is
// only the nearest is no result of a Zap.

import { WORKSPACE } from "../fields.js";
import { call, filled } from "../server.js";

const USUAL_NUMBER = 10;

const resultItem = (it) => ({
  id: it.id,
  kind: it.kind,
  title: it.title,
  snippet: it.snippet,
  type: it.type,
  source: it.source,
  score: it.score,
  significance: it.significance ?? null,
  actor_name: it.actor?.name ?? null,
  url: it.url ?? null,
  occurred_at: it.occurredAt,
  cluster_id: it.clusterId ?? null,
});

async function perform(z, bundle) {
  const { workspace, query, kinds, sources, limit } = bundle.inputData;
  const filters = filled({ kinds, sources });
  const body = { query, limit: limit || USUAL_NUMBER, filters, includeContext: false };
  const { data, meta } = await call(z, bundle, "/api/search", { method: "POST", params: { workspace }, body });
  return meta.confidence === "none" ? [] : data.map(resultItem);
}

export default {
  key: "find_in_memory",
  noun: "Result",
  display: {
    label: "Find in Memory",
    description: "Finds what happened in your tools, and passages of your documents.",
  },
  operation: {
    inputFields: [
      WORKSPACE,
      {
        key: "query",
        label: "Query",
        type: "string",
        required: true,
        helpText: 'Words, `"phrases"`, identifiers such as `ENG-7`, and filters such as `source:github` or `after:2026-10-01`.',
      },
      {
        key: "kinds",
        label: "Kinds",
        type: "string",
        list: true,
        choices: { observation: "Observations", chunk: "Passages of documents", summary: "Summaries of clusters" },
        helpText: "All kinds when empty.",
      },
      { key: "sources", label: "Sources", type: "string", list: true, placeholder: "github", helpText: "All sources when empty." },
      { key: "limit", label: "Number of Results", type: "integer", helpText: "From 1 to 100; 10 when empty." },
    ],
    perform,
    sample: {
      id: "obs_2nWcqkVQ4ZJ1cSyGCqPdcyHH5wk",
      kind: "observation",
      title: "[PR Merged] Sign in with passkeys",
      snippet: "Members can sign in with a passkey.",
      type: "pull_request.merged",
      source: "github",
      score: 0.93,
      significance: 72,
      actor_name: "ada",
      url: "https://github.com/acme/shop/pull/12",
      occurred_at: "2026-02-07T09:30:00.000000Z",
      cluster_id: null,
    },
  },
};
