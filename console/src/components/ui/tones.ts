// The tone of a thing, told by a colour: as a CSS value for drawings, and as classes for text and tint.

export type Tone = "good" | "bad" | "warn" | "info" | "quiet" | "bronze";

export const TONE_COLOUR: Record<Tone, string> = {
  good: "var(--good)",
  bad: "var(--bad)",
  warn: "var(--warn)",
  info: "var(--info)",
  bronze: "var(--bronze)",
  quiet: "var(--quiet)",
};

export const TONE_TEXT: Record<Tone, string> = {
  good: "text-good",
  bad: "text-bad",
  warn: "text-warn",
  info: "text-info",
  bronze: "text-bronze",
  quiet: "text-quiet",
};

export const TONE_TINT: Record<Tone, string> = {
  good: "bg-good-tint",
  bad: "bg-bad-tint",
  warn: "bg-warn-tint",
  info: "bg-info-tint",
  bronze: "bg-bronze-tint",
  quiet: "bg-sunken",
};
