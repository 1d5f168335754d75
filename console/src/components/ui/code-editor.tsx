// The code editor. Light: CodeMirror itself loads when the first editor is shown, and the text stands in its place until then.

import { Suspense } from "react";
import { lazily } from "../../lib/lazily";

import { codeHeight, wraps } from "./code-room";
import { cx } from "./cx";
import type { CodeVariable } from "./liquid-variables";

export type { CodeVariable } from "./liquid-variables";

export type CodeLanguage = "json" | "html" | "liquid" | "javascript" | "markdown" | "css" | "text";

export interface CodeProblem {
  /** From 1. Lines beyond the text are shown at its end. */
  line: number;
  /** From 1; without it the whole line is marked. */
  column?: number;
  message: string;
}

export interface CodeEditorProps {
  /** The accessible name; a visible label stands outside. */
  label: string;
  value: string;
  onChange?: (value: string) => void;
  language?: CodeLanguage;
  /** Completed within `{{ }}` and `{% %}` in Liquid, and as words in JavaScript. */
  variables?: CodeVariable[];
  /** Problems found outside, such as by the server. JSON's syntax errors are found here. */
  problems?: CodeProblem[];
  readOnly?: boolean;
  /** The height before anything is typed. */
  minLines?: number;
  /** From here on the editor scrolls. */
  maxLines?: number;
  /** Ctrl or Cmd S. */
  onSave?: () => void;
}

const Loaded = lazily(() => import("./code-editor-loaded"));

export function CodeEditor(props: CodeEditorProps) {
  return (
    <div className="border-line bg-raised focus-within:border-bronze min-w-0 overflow-hidden rounded-md border">
      <Suspense fallback={<Placeholder {...props} />}>
        <Loaded {...props} />
      </Suspense>
    </div>
  );
}

/** The text in the same place, type and height as in the editor. */
function Placeholder({ label, value, language = "text", minLines = 3, maxLines = 24 }: CodeEditorProps) {
  return (
    <div role="status" aria-label={`${label}: loading the editor`}>
      <pre
        aria-hidden
        style={{ minHeight: codeHeight("", minLines, maxLines), maxHeight: codeHeight(value, maxLines, maxLines) }}
        className={cx(
          "text-quiet overflow-hidden py-2 pr-3 pl-[68px] font-mono text-[13px]/5",
          wraps(language) && "wrap-anywhere whitespace-pre-wrap",
        )}
      >
        {value.slice(0, 4000)}
        {/* A last line that is empty has its height in the editor. */}
        {value.endsWith("\n") && "\u200b"}
      </pre>
    </div>
  );
}
