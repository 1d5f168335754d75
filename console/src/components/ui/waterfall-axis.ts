// The time axis of a run: from moments to places between 0 and 1, with long idle stretches compressed.
//
// A run that sleeps for three days and works for two seconds would show nothing of its work on an even axis. Idle
// stretches, in which no step executes, are therefore cut down when they take more than 80 % of the whole.

export type SpanStatus = "completed" | "failed" | "waiting" | "running" | "cancelled" | "skipped";

export interface WaterfallAttempt {
  /** RFC 3339. */
  start: string;
  end?: string | null;
  status: SpanStatus;
}

export interface WaterfallSpan {
  key: string;
  name: string;
  /** The kind of step. `sleep`, `wait`, `delay`, `batch` and the like count as idle time. */
  kind?: string;
  start: string;
  /** Null or absent while it lasts. */
  end?: string | null;
  status: SpanStatus;
  attempts?: WaterfallAttempt[];
}

export interface Axis {
  /** Milliseconds since 1970. */
  start: number;
  end: number;
  /** The place of a moment, from 0 to 1. */
  place: (at: number) => number;
  breaks: AxisBreak[];
  ticks: AxisTick[];
}

/** A compressed idle stretch. */
export interface AxisBreak {
  from: number;
  to: number;
  ms: number;
}

export interface AxisTick {
  place: number;
  /** Milliseconds since the start of the run, or since the last break. */
  ms: number;
  isAfterBreak: boolean;
}

type Stretch = { from: number; to: number };

/** Kinds of steps that only wait. */
const IDLE_KINDS = /sleep|wait|delay|batch|digest|throttle|window|event|approval/;
const LONG_SHARE = 0.8;
/** An idle stretch shorter than this part of the whole is not worth a break. */
const WORTH_A_BREAK = 0.05;
const BREAK_WIDTH = 0.08;
const ALL_BREAKS_WIDTH = 0.4;

export function waterfallAxis(spans: WaterfallSpan[], now: number): Axis {
  const moments = spans.flatMap((span) => [Date.parse(span.start), endOf(span, now)]).filter(Number.isFinite);
  const start = Math.min(...(moments.length ? moments : [now]));
  const end = Math.max(...(moments.length ? moments : [now]), start + 1);
  const broken = longIdle(spans, start, end, now);
  const place = placing(start, end, broken);
  const breaks = broken.map(({ from, to }) => ({ from: place(from), to: place(to), ms: to - from }));
  return { start, end, place, breaks, ticks: ticks(start, end, broken, place) };
}

export function endOf(span: { start: string; end?: string | null; status: SpanStatus }, now: number): number {
  if (span.end) return Date.parse(span.end);
  const start = Date.parse(span.start);
  return span.status === "running" || span.status === "waiting" ? Math.max(now, start) : start;
}

export function isIdle(span: WaterfallSpan): boolean {
  return span.status === "waiting" || IDLE_KINDS.test(span.kind ?? "");
}

/** Stretches in which a step executes. A step with attempts executes only during them. */
function busy(spans: WaterfallSpan[], now: number): Stretch[] {
  return spans.flatMap((span) => {
    if (span.status === "skipped" || isIdle(span)) return [];
    const parts = span.attempts?.length ? span.attempts : [span];
    return parts.map((part) => ({ from: Date.parse(part.start), to: endOf(part, now) }));
  });
}

function longIdle(spans: WaterfallSpan[], start: number, end: number, now: number): Stretch[] {
  const idle: Stretch[] = [];
  let at = start;
  for (const { from, to } of busy(spans, now).sort((a, b) => a.from - b.from)) {
    if (from > at) idle.push({ from: at, to: from });
    at = Math.max(at, to);
  }
  if (end > at) idle.push({ from: at, to: end });
  const whole = end - start;
  const total = idle.reduce((sum, { from, to }) => sum + to - from, 0);
  // A run that does nothing but sleep has nothing that would need the room.
  if (total <= whole * LONG_SHARE || total >= whole) return [];
  return idle.filter(({ from, to }) => to - from > whole * WORTH_A_BREAK);
}

function placing(start: number, end: number, broken: Stretch[]): (at: number) => number {
  const width = broken.length ? Math.min(BREAK_WIDTH, ALL_BREAKS_WIDTH / broken.length) : 0;
  const brokenTime = broken.reduce((sum, { from, to }) => sum + to - from, 0);
  const perMs = (1 - width * broken.length) / Math.max(end - start - brokenTime, 1);
  return (at) => {
    let place = 0;
    let reached = start;
    const moment = Math.min(Math.max(at, start), end);
    for (const { from, to } of broken) {
      if (moment <= from) break;
      place += (from - reached) * perMs + width * Math.min((moment - from) / (to - from), 1);
      reached = to;
      if (moment <= to) return Math.min(place, 1);
    }
    return Math.min(place + (moment - reached) * perMs, 1);
  };
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500]
  .concat([1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000))
  .concat([1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000))
  .concat([1, 2, 3, 6, 12].map((hours) => hours * 3_600_000))
  .concat([1, 2, 5, 10, 30, 100, 365].map((days) => days * 86_400_000));

/** Marks at even, round steps, counted anew after each break. */
function ticks(start: number, end: number, broken: Stretch[], place: (at: number) => number): AxisTick[] {
  const kept: Stretch[] = [];
  let at = start;
  for (const { from, to } of broken) {
    kept.push({ from: at, to: from });
    at = to;
  }
  kept.push({ from: at, to: end });
  const shown = kept.reduce((sum, { from, to }) => sum + to - from, 0);
  const step = STEPS.find((size) => shown / size <= 6) ?? shown;
  const marks: AxisTick[] = [];
  kept.forEach(({ from, to }, index) => {
    for (let ms = index === 0 ? 0 : step; from + ms <= to; ms += step) {
      marks.push({ place: place(from + ms), ms, isAfterBreak: index > 0 });
    }
  });
  return marks;
}
