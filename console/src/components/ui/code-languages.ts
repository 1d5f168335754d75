// The languages of the code editor, and what each completes. Each loads when a text in it is shown.

import type { Completion, CompletionSource } from "@codemirror/autocomplete";
import { StreamLanguage } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

import type { CodeLanguage } from "./code-editor";
import type { CodeVariable } from "./liquid-variables";
import { variablesUnder } from "./liquid-variables";
import { markdownTokens } from "./markdown-tokens";

export async function languageSupport(language: CodeLanguage, variables: CodeVariable[]): Promise<Extension> {
  switch (language) {
    case "json":
      return (await import("@codemirror/lang-json")).json();
    case "html":
      return (await import("@codemirror/lang-html")).html();
    case "css":
      return (await import("@codemirror/lang-css")).css();
    case "javascript": {
      const { javascript, javascriptLanguage } = await import("@codemirror/lang-javascript");
      return [javascript(), javascriptLanguage.data.of({ autocomplete: variablePaths(variables) })];
    }
    case "liquid":
      return liquidWith(variables);
    case "markdown":
      return StreamLanguage.define(markdownTokens);
    case "text":
      return [];
  }
}

async function liquidWith(variables: CodeVariable[]): Promise<Extension> {
  const [{ closePercentBrace, liquid }, { html }] = await Promise.all([
    import("@codemirror/lang-liquid"),
    import("@codemirror/lang-html"),
  ]);
  const support = liquid({
    base: html({ autoCloseTags: true }),
    variables: variablesUnder(variables, []).map(completion),
    properties: (path) => variablesUnder(variables, path).map(completion),
  });
  return [support, closePercentBrace];
}

/** Completes `recipient.na` in plain JavaScript, where the language knows nothing of our variables. */
function variablePaths(variables: CodeVariable[]): CompletionSource {
  return (context) => {
    const word = context.matchBefore(/[\w$]+(\.[\w$]*)*$/);
    if (!word && !context.explicit) return null;
    const path = word?.text.split(".").slice(0, -1) ?? [];
    const options = variablesUnder(variables, path).map(completion);
    const from = word ? word.from + word.text.lastIndexOf(".") + 1 : context.pos;
    return options.length > 0 ? { from, options, validFor: /^[\w$]*$/ } : null;
  };
}

function completion({ name, detail }: CodeVariable): Completion {
  return { label: name, type: "variable", boost: 10, ...(detail ? { detail } : {}) };
}
