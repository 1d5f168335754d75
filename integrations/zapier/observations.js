// An observation as Zaps see it: one flat object, the same in triggers and actions.

import { addressOf } from "./server.js";

/** `page` is its page in the console; `url` is its place at the tool. */
export function observationItem(z, bundle, it) {
  return {
    id: it.id,
    title: it.title,
    body: it.body ?? "",
    type: it.type,
    source: it.provider,
    category: it.category,
    significance: it.significance,
    topics: it.topics,
    actor_id: it.actor?.id ?? null,
    actor_name: it.actor?.name ?? null,
    url: it.url ?? null,
    page: `${addressOf(z, bundle)}/w/${it.workspace_id}/observations/${it.id}`,
    occurred_at: it.occurred_at,
    captured_at: it.captured_at,
    cluster_id: it.cluster_id ?? null,
    workspace_id: it.workspace_id,
  };
}

/** An example, which Zapier shows where there is no observation yet. */
export const OBSERVATION_SAMPLE = {
  id: "obs_2nWcqkVQ4ZJ1cSyGCqPdcyHH5wk",
  title: "[PR Merged] Sign in with passkeys",
  body: "Members can sign in with a passkey.",
  type: "pull_request.merged",
  source: "github",
  category: "feature",
  significance: 72,
  topics: ["github", "authentication"],
  actor_id: "github:7",
  actor_name: "ada",
  url: "https://github.com/acme/shop/pull/12",
  page: "https://campanile.example.com/w/ws_2nWcqjPb5sAGHrsVb6rSwWwZcXk/observations/obs_2nWcqkVQ4ZJ1cSyGCqPdcyHH5wk",
  occurred_at: "2026-02-07T09:30:00.000000Z",
  captured_at: "2026-02-07T09:30:01.000000Z",
  cluster_id: null,
  workspace_id: "ws_2nWcqjPb5sAGHrsVb6rSwWwZcXk",
};
