// Snippets that write a document from a program, with this server's address.

import type { SnippetTab } from "../../../components/ui/snippet";
import { type DocumentKind, TRANSLATIONS } from "./kinds";

export function writeSnippets(kind: DocumentKind): SnippetTab[] {
  const key = kind === TRANSLATIONS ? "en" : "example";
  const body = JSON.stringify({ [kind.type]: kind.starter("Example") }).replaceAll("'", "'\\''");
  const query = kind.hasDrafts ? "?commit=true" : "";
  return [
    {
      name: "curl",
      code: `curl -X PUT "${location.origin}${kind.path}/${key}${query}" \\\n  -H "authorization: Bearer $CAMPANILE_KEY" -H "content-type: application/json" \\\n  -d '${body}'`,
    },
  ];
}
