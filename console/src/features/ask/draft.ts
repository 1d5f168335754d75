// The part of an answer that has come, and the pieces in which its text is shown.

import { asObject, asText } from "../../lib/json";
import type { Answer, AnswerEvent, Passage } from "./stream";

export type Draft = {
  question: string;
  text: string;
  passages: Passage[];
  /** The step under way. */
  step?: string;
  answer?: Answer;
};

export const begun = (question: string): Draft => ({ question, text: "", passages: [], step: "search" });

/** The draft with one event more. */
export function withEvent(draft: Draft, { name, data }: AnswerEvent): Draft {
  const it = asObject(data);
  switch (name) {
    case "step":
      return { ...draft, step: asText(it.tool) };
    case "passages":
      return { ...draft, passages: Array.isArray(it.data) ? (it.data as Passage[]) : [] };
    case "text":
      return { ...draft, text: (it.replaces === true ? "" : draft.text) + (asText(it.delta) ?? "") };
    case "done": {
      const answer = data as Answer;
      return { ...draft, answer, text: answer.text, passages: answer.passages };
    }
    default:
      return draft;
  }
}

export type Piece = { at: number; text: string; n?: number };

/** A text in pieces: words, and the numbers of passages that exist. */
export function piecesOf(text: string, passages: number): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(/\[(\d{1,3})\]/g)) {
    const n = Number(found[1]);
    if (n < 1 || n > passages) continue;
    if (found.index > from) pieces.push({ at: from, text: text.slice(from, found.index) });
    pieces.push({ at: found.index, text: found[0], n });
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push({ at: from, text: text.slice(from) });
  return pieces;
}
