// A result in words: its title, the group that it belongs to, and its page.

import { readTitle } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import type { Hit } from "./use-search";

export function titleOf(hit: Hit): { kind?: string; text: string } {
  if (hit.kind === "summary") return { text: hit.title };
  return hit.document ? { kind: hit.document.path, text: hit.title } : readTitle(hit);
}

export function groupOf(hit: Hit): string {
  if (hit.kind === "summary") return "Summary of a cluster";
  return hit.document ? "Document" : providerName(hit.source);
}

/** The page of a result, by its id: a passage of a document is `doc_…#17`. */
export function pageOf(id: string): { to: string; search?: { passage: string } } {
  const [document, passage] = id.split("#");
  if (document && passage) return { to: paths.document(document), search: { passage } };
  return { to: id.startsWith("cl_") ? paths.cluster(id) : paths.observation(id) };
}
