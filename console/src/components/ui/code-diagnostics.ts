// The problems of a code editor: the syntax errors of JSON, and those that the page brings.

import type { Diagnostic } from "@codemirror/lint";
import { linter, lintGutter } from "@codemirror/lint";
import type { Extension, Text } from "@codemirror/state";
import { StateEffect, StateField } from "@codemirror/state";

import type { CodeLanguage, CodeProblem } from "./code-editor";
import { jsonError } from "./json-syntax";

/** Replaces the problems that came from outside. */
export const setProblems = StateEffect.define<CodeProblem[]>();

const problemField = StateField.define<CodeProblem[]>({
  create: () => [],
  update: (problems, transaction) =>
    transaction.effects.reduce((last, effect) => (effect.is(setProblems) ? effect.value : last), problems),
});

export function diagnostics(language: () => CodeLanguage): Extension {
  const lint = linter(
    ({ state }) => {
      const found = state.field(problemField).map((problem) => placed(problem, state.doc));
      const error = language() === "json" ? jsonError(state.doc.toString()) : null;
      if (error) {
        const from = Math.min(error.at, state.doc.length);
        found.push({ from, to: Math.min(from + 1, state.doc.length), severity: "error", message: error.message });
      }
      return found;
    },
    {
      delay: 400,
      needsRefresh: (update) => update.transactions.some((one) => one.effects.some((effect) => effect.is(setProblems))),
    },
  );
  return [problemField, lint, lintGutter()];
}

function placed({ line, column, message }: CodeProblem, doc: Text): Diagnostic {
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const from = column ? Math.min(at.from + column - 1, at.to) : at.from;
  // From a column on, the word that stands there is marked.
  const word = column ? (/^[\w.$-]+/.exec(doc.sliceString(from, at.to))?.[0].length ?? 1) : at.length;
  return { from, to: Math.min(from + word, at.to), severity: "error", message };
}
