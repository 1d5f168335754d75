// Markdown to HTML that is not yet safe: headings moved down, and scrolling parts that the keyboard reaches.

import { Marked } from "marked";

const scrolling = (label: string) => `tabindex="0" role="group" aria-label="${label}"`;

export function markdownHtml(text: string, topHeading: number): string {
  const marked = new Marked({
    gfm: true,
    async: false,
    walkTokens(token) {
      if (token.type === "heading") token.depth = Math.min(token.depth + topHeading - 1, 6);
    },
    renderer: {
      // A box that cannot be ticked is a sign, not a control.
      checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    },
  });
  return (marked.parse(text) as string)
    .replaceAll("<pre>", `<pre ${scrolling("Code")}>`)
    .replaceAll("<table>", `<div class="prose-table" ${scrolling("Table")}><table>`)
    .replaceAll("</table>", "</table></div>");
}
