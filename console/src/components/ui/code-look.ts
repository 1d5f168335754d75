// How code looks and how it is edited: the colours are the console's CSS variables, so light and dark need no rebuild.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import type { Extension } from "@codemirror/state";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.operatorKeyword, tags.moduleKeyword], color: "var(--bronze)" },
  { tag: [tags.string, tags.special(tags.string), tags.attributeValue], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--info)" },
  { tag: [tags.propertyName, tags.attributeName], color: "var(--ink)", fontWeight: "500" },
  { tag: [tags.tagName, tags.function(tags.variableName)], color: "var(--bronze)" },
  { tag: [tags.comment, tags.meta, tags.quote], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.bracket, tags.angleBracket, tags.separator], color: "var(--quiet)" },
  { tag: tags.heading, color: "var(--ink)", fontWeight: "700" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.monospace, color: "var(--good)" },
  { tag: [tags.link, tags.url], color: "var(--info)", textDecoration: "underline" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "transparent", fontSize: "13px" },
  "&.cm-focused": { outline: "2px solid var(--bronze)", outlineOffset: "-2px", borderRadius: "5px" },
  ".cm-scroller": { fontFamily: "var(--font-mono, ui-monospace, monospace)", lineHeight: "20px", overflow: "auto" },
  ".cm-content": { padding: "8px 0", lineHeight: "20px", caretColor: "var(--ink)", outline: "none" },
  ".cm-line": { padding: "0 12px 0 4px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "color-mix(in oklab, var(--bronze) 25%, transparent)",
  },
  ".cm-selectionMatch": { background: "color-mix(in oklab, var(--bronze) 14%, transparent)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    background: "none",
    outline: "none",
  },
  "&.cm-focused .cm-matchingBracket.cm-matchingBracket": {
    background: "color-mix(in oklab, var(--bronze) 20%, transparent)",
  },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--quiet)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "34px", padding: "0 4px 0 8px" },
  ".cm-foldGutter .cm-gutterElement": { width: "14px", cursor: "pointer" },
  ".cm-gutter-lint": { width: "16px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0", display: "grid", placeItems: "center" },
  ".cm-lint-marker": { width: "10px", height: "10px" },
  ".cm-lint-marker-error": { content: "normal", borderRadius: "50%", background: "var(--bad)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    textUnderlineOffset: "3px",
  },
  ".cm-foldPlaceholder": {
    background: "var(--sunken)",
    border: "1px solid var(--line)",
    color: "var(--quiet)",
    padding: "0 6px",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
    boxShadow: "0 6px 20px rgb(0 0 0 / 0.14)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-mono, monospace)", maxHeight: "220px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 10px", lineHeight: "18px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--bronze)", color: "var(--on-bronze)" },
  ".cm-tooltip-autocomplete ul li[aria-selected] .cm-completionDetail": { color: "var(--on-bronze)" },
  ".cm-completionDetail": { color: "var(--quiet)", fontStyle: "normal", marginLeft: "12px" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionIcon": { display: "none" },
  ".cm-diagnostic": { padding: "6px 10px", maxWidth: "420px" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--ink)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "8px", fontSize: "12px" },
  ".cm-textfield": {
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line)",
    borderRadius: "4px",
    padding: "3px 6px",
    fontSize: "12px",
  },
  ".cm-button": {
    backgroundImage: "none",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line)",
    borderRadius: "4px",
    padding: "3px 8px",
    fontSize: "12px",
  },
  ".cm-searchMatch": { backgroundColor: "var(--warn-tint)", outline: "1px solid var(--warn)" },
  ".cm-searchMatch-selected": { backgroundColor: "color-mix(in oklab, var(--bronze) 40%, transparent)" },
});

/** The extensions of every view of code, editable or not. */
export const look: Extension = [
  lineNumbers(),
  highlightSpecialChars(),
  drawSelection(),
  bracketMatching(),
  syntaxHighlighting(highlight),
  theme,
  EditorState.tabSize.of(2),
  indentUnit.of("  "),
];

/** Typing aids and keys. */
export const editing: Extension = [
  foldGutter(),
  history(),
  indentOnInput(),
  closeBrackets(),
  autocompletion(),
  highlightSelectionMatches(),
  search({ top: true }),
  keymap.of([
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...searchKeymap,
    ...historyKeymap,
    ...foldKeymap,
    ...completionKeymap,
    ...lintKeymap,
    indentWithTab,
  ]),
];
