// A labelled code editor, with what it is for and what is wrong with it.

import type { ReactNode } from "react";
import { useState } from "react";

import { CodeEditor, type CodeEditorProps } from "../../../components/ui/code-editor";

type CodeFieldProps = CodeEditorProps & { hint?: ReactNode; problem?: string | undefined };

export function CodeField({ label, hint, problem, ...editor }: CodeFieldProps) {
  const problems = problem ? [{ line: lineOf(problem), message: problem }] : [];
  return (
    <div className="grid min-w-0 content-start gap-1.5">
      <span aria-hidden className="font-medium">
        {label}
      </span>
      <CodeEditor label={label} problems={problems} {...editor} />
      {hint && <p className="text-quiet text-xs">{hint}</p>}
      {problem && (
        <p role="alert" className="text-bad text-xs wrap-anywhere">
          {shortened(problem)}
        </p>
      )}
    </div>
  );
}

/** Liquid's faults name their line. */
const lineOf = (problem: string) => Number(/line (\d+)/i.exec(problem)?.[1] ?? 1);

/** A fault may list every filter there is: the first line says which is wrong. */
const shortened = (problem: string) => {
  const sentence = problem.replace(/\s+/g, " ").trim();
  return sentence.length > 240 ? `${sentence.slice(0, 240)}…` : sentence;
};

type JsonFieldProps = {
  label: string;
  value: unknown;
  /** Told only values that can be read. */
  onChange: (value: unknown) => void;
  hint?: ReactNode;
  problem?: string | undefined;
  minLines?: number;
  maxLines?: number;
};

/** A value as JSON. What cannot be read is not told on; the editor says what is wrong with it. An empty text is no value. */
export function JsonField({ label, value, onChange, hint, problem, minLines = 3, maxLines = 16 }: JsonFieldProps) {
  const written = value === undefined || value === null ? "" : JSON.stringify(value, null, 2);
  const [text, setText] = useState(written);
  const [told, setTold] = useState(written);
  // The value was changed elsewhere: that is shown.
  if (written !== told) {
    setTold(written);
    setText(written);
  }
  const change = (next: string) => {
    setText(next);
    const read = parsed(next);
    if (!read.ok) return;
    setTold(read.value === undefined || read.value === null ? "" : JSON.stringify(read.value, null, 2));
    onChange(read.value);
  };
  return (
    <CodeField
      label={label}
      language="json"
      value={text}
      onChange={change}
      hint={hint}
      problem={problem}
      minLines={minLines}
      maxLines={maxLines}
    />
  );
}

export function parsed(text: string): { ok: true; value: unknown } | { ok: false; why: string } {
  if (text.trim() === "") return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    return { ok: false, why: (error as Error).message };
  }
}
