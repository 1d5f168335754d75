// The room that code takes, so that a placeholder and the loaded editor are equally tall.

import type { CodeLanguage } from "./code-editor";

export const LINE_HEIGHT = 20;
/** Above and below the lines, in total. */
export const PADDING = 16;

/** The height of the lines as they are written, before any of them wraps. */
export function codeHeight(text: string, minLines: number, maxLines: number): number {
  const lines = text.split("\n").length;
  return Math.min(Math.max(lines, minLines), maxLines) * LINE_HEIGHT + PADDING;
}

/** Running text wraps; in code, a long line scrolls. */
export function wraps(language: CodeLanguage): boolean {
  return language === "liquid" || language === "markdown" || language === "text";
}

/** Lines that a comparison of two texts shows in one column. */
export function comparedLines(before: string, after: string): number {
  const kept = new Set(after.split("\n"));
  const removed = before.split("\n").filter((line) => !kept.has(line));
  return after.split("\n").length + removed.length;
}
