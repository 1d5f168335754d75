import { expect, test } from "vitest";

import { markdownHtml } from "./markdown-html";

// That unsafe HTML is taken out is checked in a real browser: DOMPurify does not work on happy-dom.

test("headings begin at the level that the page leaves to them", () => {
  expect(markdownHtml("# A\n\n## B\n\n###### F", 3)).toMatch(/<h3>A<\/h3>\s*<h4>B<\/h4>\s*<h6>F<\/h6>/);
});

test("wide tables and code can be reached by the keyboard", () => {
  const table = '<div class="prose-table" tabindex="0" role="group" aria-label="Table"><table>';
  expect(markdownHtml("|a|\n|-|\n|1|", 3)).toContain(table);
  expect(markdownHtml("```\nx\n```", 3)).toContain('<pre tabindex="0" role="group" aria-label="Code">');
});

test("boxes of a task list are signs, not controls", () => {
  expect(markdownHtml("- [x] done\n- [ ] open", 3)).not.toContain("<input");
});
