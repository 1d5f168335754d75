// The language that snippets show: one choice for the whole page, kept in this browser.

import { useKept } from "../../lib/kept";

export const useSnippetLanguage = () => useKept<string | null>("snippet-language", null);
