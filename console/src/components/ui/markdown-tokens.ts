// Colours Markdown in the code editor: headings, emphasis, code, links, quotes and Liquid tags.

import type { StreamParser } from "@codemirror/language";

interface State {
  isFenced: boolean;
}

export const markdownTokens: StreamParser<State> = {
  name: "markdown",
  startState: () => ({ isFenced: false }),
  token(stream, state) {
    if (stream.sol() && stream.match(/^\s*(```|~~~)/)) {
      state.isFenced = !state.isFenced;
      stream.skipToEnd();
      return "monospace";
    }
    if (state.isFenced) {
      stream.skipToEnd();
      return "monospace";
    }
    if (stream.sol() && stream.match(/^#{1,6}\s.*/)) return "heading";
    if (stream.sol() && stream.match(/^\s*>\s?/)) return "quote";
    if (stream.sol() && stream.match(/^\s*([-*+]|\d+[.)])\s/)) return "list";
    if (stream.match(/^(\{\{.*?\}\}|\{%.*?%\})/)) return "keyword";
    if (stream.match(/^`[^`]+`/)) return "monospace";
    if (stream.match(/^(\*\*|__)(?=\S).+?\1/)) return "strong";
    if (stream.match(/^([*_])(?=\S).+?\1/)) return "emphasis";
    if (stream.match(/^!?\[[^\]]*\]\([^)]*\)/)) return "link";
    if (stream.match(/^https?:\/\/\S+/)) return "link";
    stream.next();
    return null;
  },
};
