// Markdown from outside, made safe and shown as text of the page. The parser loads when the first one is shown.

import { Suspense } from "react";
import { lazily } from "../../lib/lazily";

import { cx } from "./cx";

export interface MarkdownProps {
  text: string;
  /** The heading level that `#` becomes; 3 suits a text within a section of a page. */
  topHeading?: 2 | 3 | 4 | 5 | 6;
  className?: string;
}

const Loaded = lazily(() => import("./markdown-loaded"));

export function Markdown({ text, topHeading = 3, className }: MarkdownProps) {
  return (
    <Suspense fallback={<div className={cx("prose whitespace-pre-line", className)}>{text}</div>}>
      <Loaded text={text} topHeading={topHeading} className={cx("prose", className)} />
    </Suspense>
  );
}
