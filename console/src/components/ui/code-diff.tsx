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

/** From this width on the two sides stand beside each other. */
export const SIDE_BY_SIDE = 720;

/** The height of the headings above the code, with their border: one line, or one for each side. */
const headingHeight = () => (innerWidth < SIDE_BY_SIDE ? 57 : 33);

export function CodeDiff(props: CodeDiffProps) {
  const { label, before, after, maxLines = 24 } = props;
  const lines = Math.min(Math.max(comparedLines(before, after), 2), maxLines);
  const height = lines * LINE_HEIGHT + PADDING;
  return (
    <section aria-label={label} className="border-line bg-raised min-w-0 overflow-hidden rounded-md border">
      <Suspense
        fallback={
          <div role="status" aria-label="Loading the comparison" style={{ height: height + headingHeight() }} />
        }
      >
        <Loaded {...props} height={height} />
      </Suspense>
    </section>
  );
}
