// The code editor's heavy half: CodeMirror with the languages, completions and diagnostics of the console.

import { forceLinting } from "@codemirror/lint";
import { Annotation, Compartment, EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { useEffect, useLayoutEffect, useRef } from "react";
import { diagnostics, setProblems } from "./code-diagnostics";
import type { CodeEditorProps } from "./code-editor";
import { languageSupport } from "./code-languages";
import { editing, look } from "./code-look";
import { codeHeight, LINE_HEIGHT, PADDING, wraps } from "./code-room";

/** Marks a change that came from the value property: it is not reported back. */
const fromOutside = Annotation.define<boolean>();

const LEAVE = "Tab indents. Press Escape, then Tab, to leave the editor.";

export default function LoadedCodeEditor(props: CodeEditorProps) {
  const { label, value, language = "text", variables, problems, readOnly = false, minLines = 3, maxLines = 24 } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(props);
  const parts = useRef({ language: new Compartment(), mode: new Compartment(), size: new Compartment() });
  const variableKey = JSON.stringify(variables ?? []);
  const problemKey = JSON.stringify(problems ?? []);

  useEffect(() => {
    latest.current = props;
  });

  // Before the browser paints, so that the placeholder's room is not given up for a moment.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the view is made once; the effects below bring changes to it
  useLayoutEffect(() => {
    if (!host.current) return;
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          keymap.of([{ key: "Mod-s", preventDefault: true, run: () => save(latest.current) }]),
          look,
          editing,
          diagnostics(() => latest.current.language ?? "text"),
          parts.current.language.of([]),
          parts.current.mode.of([]),
          parts.current.size.of([]),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged || update.transactions.some((one) => one.annotation(fromOutside))) return;
            latest.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, []);

  useEffect(() => {
    const current = view.current?.state.doc.toString();
    if (!view.current || current === value) return;
    view.current.dispatch({
      changes: { from: 0, to: current?.length ?? 0, insert: value },
      annotations: fromOutside.of(true),
    });
  }, [value]);

  useEffect(() => {
    let isCurrent = true;
    languageSupport(language, JSON.parse(variableKey)).then((support) => {
      if (isCurrent) view.current?.dispatch({ effects: parts.current.language.reconfigure(support) });
    });
    return () => {
      isCurrent = false;
    };
  }, [language, variableKey]);

  useLayoutEffect(() => {
    const attributes = EditorView.contentAttributes.of({
      "aria-label": label,
      // A contenteditable is focusable by itself; some tools only believe a number.
      tabindex: "0",
      "aria-readonly": String(readOnly),
      ...(readOnly ? {} : { "aria-description": LEAVE }),
    });
    view.current?.dispatch({
      effects: parts.current.mode.reconfigure([
        attributes,
        EditorState.readOnly.of(readOnly),
        wraps(language) ? EditorView.lineWrapping : [],
      ]),
    });
  }, [label, readOnly, language]);

  useLayoutEffect(() => {
    const size = EditorView.theme({
      ".cm-scroller": { maxHeight: `${maxLines * LINE_HEIGHT + PADDING}px` },
      ".cm-content, .cm-gutter": { minHeight: `${minLines * LINE_HEIGHT + PADDING}px` },
    });
    view.current?.dispatch({ effects: parts.current.size.reconfigure(size) });
  }, [minLines, maxLines]);

  useEffect(() => {
    if (!view.current) return;
    view.current.dispatch({ effects: setProblems.of(JSON.parse(problemKey)) });
    forceLinting(view.current);
  }, [problemKey]);

  // The height holds the room between mounting and CodeMirror's first measurement.
  return <div ref={host} style={{ minHeight: codeHeight("", minLines, maxLines) }} />;
}

function save({ onSave }: CodeEditorProps): boolean {
  onSave?.();
  return true;
}
