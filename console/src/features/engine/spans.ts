// The steps of a run as bars on a time axis.

import type { SpanStatus, WaterfallAttempt, WaterfallSpan } from "../../components/ui/waterfall-axis";
import type { RunDetail, Step } from "./client";

export function spansOf(run: Pick<RunDetail, "status" | "steps">): WaterfallSpan[] {
  const isOver = run.status === "failed" || run.status === "cancelled" || run.status === "completed";
  const spans = run.steps.map((step) => spanOf(step, isOver));
  return spans.sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
}

function spanOf(step: Step, isOver: boolean): WaterfallSpan {
  const status = statusOf(step, isOver);
  return {
    key: step.key,
    name: step.key,
    // Work needs no word; what waits has one.
    kind: step.kind === "run" || step.kind === "transaction" ? undefined : step.kind,
    start: step.started_at,
    end: step.ended_at,
    status,
    attempts: attemptsOf(step, status),
  };
}

function statusOf(step: Step, isOver: boolean): SpanStatus {
  if (step.status === "completed") return "completed";
  if (step.status === "failed") return "failed";
  if (isOver) return "cancelled";
  const waits = step.kind === "sleep" || step.kind === "wait" || step.kind === "invoke" || step.failures.length > 0;
  return waits ? "waiting" : "running";
}

/** Failed attempts are known; the one after them began when the last of them ended, or later. */
function attemptsOf(step: Step, status: SpanStatus): WaterfallAttempt[] | undefined {
  if (step.failures.length === 0) return undefined;
  const failed = step.failures.map(
    (one): WaterfallAttempt => ({ start: one.started_at, end: one.ended_at, status: "failed" }),
  );
  const last = step.failures.at(-1);
  return status === "completed" && last
    ? [...failed, { start: last.ended_at, end: step.ended_at, status: "completed" }]
    : failed;
}

/** The ids of other runs that a value names, such as the one that failed or was started. */
export function runsIn(value: unknown, own: string): string[] {
  const found = JSON.stringify(value ?? null).match(/run_[0-9A-Za-z]{27}/g) ?? [];
  return [...new Set(found)].filter((id) => id !== own);
}
