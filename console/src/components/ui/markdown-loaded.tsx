// Turns Markdown into HTML that is safe to place in the page: marked parses, DOMPurify lets through what text needs.

import DOMPurify from "dompurify";
import { useMemo } from "react";

import type { MarkdownProps } from "./markdown";
import { markdownHtml } from "./markdown-html";

export default function LoadedMarkdown({ text, topHeading = 3, className }: MarkdownProps) {
  const html = useMemo(() => safeHtml(text, topHeading), [text, topHeading]);
  // biome-ignore lint/security/noDangerouslySetInnerHtml: the HTML comes out of DOMPurify
  return <div className={className} dangerouslySetInnerHTML={{ __html: html }} />;
}

const purifier = DOMPurify();

const ALLOWED = {
  ALLOWED_TAGS: [
    ..."a b blockquote br code del div em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s span strong sub sup".split(" "),
    ..."table tbody td th thead tr u ul details summary".split(" "),
  ],
  ALLOWED_ATTR: ["href", "src", "alt", "title", "align", "start", "tabindex", "role", "aria-label", "class"],
  ALLOW_DATA_ATTR: false,
};

purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
  if (node.tagName === "IMG") {
    if (isLoadable(node.getAttribute("src") ?? "")) {
      node.setAttribute("loading", "lazy");
      node.setAttribute("referrerpolicy", "no-referrer");
      if (!node.hasAttribute("alt")) node.setAttribute("alt", "");
    } else {
      node.replaceWith(node.getAttribute("alt") ?? "");
    }
  }
  // Scrolling parts are ours alone: a text must not take the page's classes, roles or tab stops.
  const isOurs = node.tagName === "PRE" || node.getAttribute("class") === "prose-table";
  if (!isOurs) for (const name of ["class", "role", "tabindex", "aria-label"]) node.removeAttribute(name);
});

/** Images load from this server, or by HTTPS; anything else would be blocked or seen on the way. */
function isLoadable(source: string): boolean {
  if (source === "") return false;
  try {
    const url = new URL(source, location.href);
    return url.protocol === "https:" || url.origin === location.origin;
  } catch {
    return false;
  }
}

export function safeHtml(text: string, topHeading: number): string {
  // Without the browser's parser DOMPurify would hand back its input as it is.
  if (!purifier.isSupported) throw new Error("this browser cannot make Markdown safe to show");
  return purifier.sanitize(markdownHtml(text, topHeading), ALLOWED);
}
