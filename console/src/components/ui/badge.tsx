// Words about a thing in a few letters: its state, its kind, how much it matters.

import type { ReactNode } from "react";

import { cx } from "./cx";
import { TONE_TEXT, TONE_TINT, type Tone } from "./tones";

export function Badge({ tone = "quiet", children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span
      title={title}
      className={cx(
        "inline-flex h-5 max-w-full items-center gap-1 rounded px-1.5 text-xs font-medium whitespace-nowrap",
        TONE_TEXT[tone],
        TONE_TINT[tone],
      )}
    >
      {children}
    </span>
  );
}

const STATES: Record<string, Tone> = {
  processed: "good",
  delivered: "good",
  sent: "good",
  success: "good",
  completed: "good",
  connected: "good",
  on: "good",
  active: "good",
  seen: "good",
  read: "good",
  interacted: "good",
  link_clicked: "good",
  healthy: "good",
  finished: "good",
  failed: "bad",
  undelivered: "bad",
  bounced: "bad",
  fail: "bad",
  not_sent: "bad",
  error: "bad",
  refused: "bad",
  waiting: "info",
  linked: "info",
  running: "info",
  sending: "info",
  queued: "quiet",
  pending: "quiet",
  received: "quiet",
  paused: "warn",
  cancelled: "warn",
  canceled: "warn",
  skipped: "quiet",
  off: "quiet",
  disabled: "warn",
  invited: "info",
  archived: "quiet",
};

/** A state, in its colour and with a dot, so that colour is not all that tells it. */
export function Status({ word }: { word: string }) {
  return (
    <Badge tone={STATES[word] ?? "quiet"}>
      <span aria-hidden className="size-1.5 rounded-full bg-current" />
      {word.replaceAll("_", " ")}
    </Badge>
  );
}

/** How much an observation matters, of 100. From `threshold` on people are told. */
export function Score({ value, threshold = 70 }: { value: number; threshold?: number }) {
  const look = value >= threshold ? "bg-bronze text-on-bronze" : "border border-line text-quiet";
  const told = value >= threshold ? "people were told" : "below what people are told of";
  return (
    <span
      title={`Significance ${value} of 100: ${told}`}
      className={cx("inline-grid h-5 w-8 shrink-0 place-items-center rounded text-xs font-semibold tabular-nums", look)}
    >
      <span className="sr-only">Significance </span>
      {value}
    </span>
  );
}

/** An id, a key, a hash: in full, cut off where there is no room. */
export function Code({ children }: { children: ReactNode }) {
  return <code className="bg-sunken rounded px-1 py-0.5 font-mono text-xs break-all">{children}</code>;
}
