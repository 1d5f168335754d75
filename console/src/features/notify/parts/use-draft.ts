// The changes of a document that are not saved yet, with a way back for each.

import { useCallback, useMemo, useReducer } from "react";

import { isSame } from "../../../lib/json";

type State<Doc> = {
  saved: Doc;
  past: Doc[];
  now: Doc;
  future: Doc[];
  /** The field that was changed last, and when: typing is one change. */
  last?: { field: string; at: number };
};
type Action<Doc> =
  | { kind: "change"; change: (doc: Doc) => Doc; field?: string; at: number }
  | { kind: "undo" }
  | { kind: "redo" }
  | { kind: "saved"; doc: Doc }
  | { kind: "reset"; doc: Doc };

/** Changes of one field within this time are one step back. */
const TOGETHER = 1_500;
const MOST = 200;

export function reduce<Doc>(state: State<Doc>, action: Action<Doc>): State<Doc> {
  const { past, now, future } = state;
  switch (action.kind) {
    case "change": {
      const next = action.change(now);
      if (next === now) return state;
      const { last } = state;
      const isTyping = action.field !== undefined && last?.field === action.field && action.at - last.at < TOGETHER;
      const marked = action.field === undefined ? {} : { last: { field: action.field, at: action.at } };
      return {
        saved: state.saved,
        past: isTyping ? past : [...past, now].slice(-MOST),
        now: next,
        future: [],
        ...marked,
      };
    }
    case "undo": {
      const before = past.at(-1);
      return before ? { saved: state.saved, past: past.slice(0, -1), now: before, future: [now, ...future] } : state;
    }
    case "redo": {
      const [next, ...rest] = future;
      return next ? { saved: state.saved, past: [...past, now], now: next, future: rest } : state;
    }
    case "saved":
      return { ...state, saved: action.doc };
    case "reset":
      return { saved: action.doc, past: [], now: action.doc, future: [] };
  }
}

export type Draft<Doc> = {
  doc: Doc;
  saved: Doc;
  isChanged: boolean;
  /** Changes of the same field shortly after each other are one change. */
  change: (change: (doc: Doc) => Doc, field?: string) => void;
  undo?: () => void;
  redo?: () => void;
  markSaved: (doc: Doc) => void;
  reset: (doc: Doc) => void;
};

export function useDraft<Doc>(saved: Doc): Draft<Doc> {
  const [state, dispatch] = useReducer(reduce<Doc>, saved, (doc) => ({ saved: doc, past: [], now: doc, future: [] }));
  const change = useCallback<Draft<Doc>["change"]>(
    (change, field) => dispatch({ kind: "change", change, at: Date.now(), ...(field !== undefined && { field }) }),
    [],
  );
  const markSaved = useCallback((doc: Doc) => dispatch({ kind: "saved", doc }), []);
  const reset = useCallback((doc: Doc) => dispatch({ kind: "reset", doc }), []);
  const isChanged = useMemo(() => !isSame(state.now, state.saved), [state.now, state.saved]);
  return {
    doc: state.now,
    saved: state.saved,
    isChanged,
    change,
    ...(state.past.length > 0 && { undo: () => dispatch({ kind: "undo" }) }),
    ...(state.future.length > 0 && { redo: () => dispatch({ kind: "redo" }) }),
    markSaved,
    reset,
  };
}
