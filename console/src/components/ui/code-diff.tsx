// Two versions of a text compared: side by side where there is room, one column on a phone. CodeMirror loads when shown.

import { Suspense } from "react";
import { lazily } from "../../lib/lazily";

import type { CodeLanguage } from "./code-editor";
import { comparedLines, LINE_HEIGHT, PADDING } from "./code-room";

export interface CodeDiffProps {
  label: string;
  before: string;
  after: string;
  language?: CodeLanguage;
  /** From here on the comparison scrolls. */
  maxLines?: number;
  /** The headings of the two sides. */
  beforeLabel?: string;
  afterLabel?: string;
}

const Loaded = lazily(() => import("./code-diff-loaded"));

/** The height of the line above the code, with its border. */
export const DIFF_HEADING = 33;

export function CodeDiff(props: CodeDiffProps) {
  const { label, before, after, maxLines = 24 } = props;
  const lines = Math.min(Math.max(comparedLines(before, after), 2), maxLines);
  const height = lines * LINE_HEIGHT + PADDING;
  return (
    <section aria-label={label} className="border-line bg-raised min-w-0 overflow-hidden rounded-md border">
      <Suspense
        fallback={<div role="status" aria-label="Loading the comparison" style={{ height: height + DIFF_HEADING }} />}
      >
        <Loaded {...props} height={height} />
      </Suspense>
    </section>
  );
}
