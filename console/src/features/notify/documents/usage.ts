// The workflows that name a document, so that one knows what a change or a deletion concerns.

import type { Workflow } from "../../../lib/knock";
import { CHANNEL_GROUPS, type DocumentKind, LAYOUTS, PARTIALS } from "./kinds";

/** A text that stands in the JSON of every workflow that names the document; nothing where no workflow names such a one. */
function tracesOf(kind: DocumentKind, key: string): string[] | undefined {
  if (kind === LAYOUTS) return [`"layout_key":"${key}"`];
  if (kind === CHANNEL_GROUPS) return [`"channel_group_key":"${key}"`];
  if (kind === PARTIALS) return [`render '${key}'`, `render \\"${key}\\"`];
  return undefined;
}

/** Drafts count, as the list of workflows has them. */
export function usersOf(kind: DocumentKind, key: string, workflows: Workflow[]): Workflow[] | undefined {
  const traces = tracesOf(kind, key);
  return (
    traces &&
    workflows.filter(({ steps }) => {
      const text = JSON.stringify(steps);
      return traces.some((trace) => text.includes(trace));
    })
  );
}
