// An observation as Markdown, to be pasted into an issue or a chat.

import type { Schemas } from "../../lib/api";
import { actorOf, linkOf, readTitle } from "../../lib/observation";
import { providerName } from "../../lib/providers";
import { type Edge, grouped, kindInWords } from "./edges";

export function asMarkdown(it: Schemas["ObservationDetail"], edges: Edge[], address: string): string {
  const { kind, text } = readTitle(it);
  const link = linkOf(it.metadata);
  const actor = actorOf(it)?.name;
  const facts = [
    `- ${kind} at ${link ? `[${providerName(it.provider)}](${link})` : providerName(it.provider)}${actor ? ` by ${actor}` : ""}`,
    `- ${it.occurred_at}, significance ${it.significance} of 100`,
    `- ${address}`,
  ];
  const related = grouped(edges).map(
    ({ observation, edges }) => `- ${[...new Set(edges.map(kindInWords))].join(", ")}: ${readTitle(observation).text}`,
  );
  const parts = [
    `# ${text}`,
    facts.join("\n"),
    it.body.trim(),
    related.length > 0 && `## Related\n\n${related.join("\n")}`,
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}
