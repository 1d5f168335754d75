// The steps of a run as bars on a time axis. Arrow keys move the selection.

import type { KeyboardEvent } from "react";
import { useEffect, useMemo, useRef, useState } from "react";

import { cx } from "./cx";
import { duration } from "./durations";
import type { Axis, SpanStatus, WaterfallSpan } from "./waterfall-axis";
import { endOf, isIdle, waterfallAxis } from "./waterfall-axis";

export type { SpanStatus, WaterfallAttempt, WaterfallSpan } from "./waterfall-axis";

export interface WaterfallProps {
  label: string;
  spans: WaterfallSpan[];
  /** The key of the selected span. */
  selected?: string | null;
  onSelect?: (key: string) => void;
  /** Milliseconds since 1970, for spans that still last; the clock, if absent. */
  now?: number;
}

export function Waterfall({ label, spans, selected = null, onSelect, now }: WaterfallProps) {
  const lasts = spans.some(({ end, status }) => !end && (status === "running" || status === "waiting"));
  const clock = useClock(lasts && now === undefined);
  const moment = now ?? clock;
  const axis = useMemo(() => waterfallAxis(spans, moment), [spans, moment]);
  const list = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<string | null>(null);
  if (spans.length === 0) return <p className="text-quiet py-2">No steps yet</p>;

  const reachable = [focused, selected].find((key) => spans.some((span) => span.key === key)) ?? spans[0]?.key;

  const onKeyDown = (event: KeyboardEvent) => {
    const at = spans.findIndex(({ key }) => key === reachable);
    const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: spans.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (reachable) onSelect?.(reachable);
    }
    if (target === undefined) return;
    event.preventDefault();
    const index = Math.min(Math.max(target, 0), spans.length - 1);
    list.current?.querySelectorAll<HTMLElement>("[role=option]")[index]?.focus();
    const key = spans[index]?.key;
    if (key) onSelect?.(key);
  };

  return (
    <div className="@container min-w-0 text-xs">
      <div className="relative ml-2 @[560px]:ml-[calc(min(16rem,34%)+0.5rem)] mr-2 h-6" aria-hidden>
        <AxisLabels axis={axis} />
      </div>
      <div ref={list} role="listbox" aria-label={label} onKeyDown={onKeyDown} className="border-line border-t">
        {spans.map((span) => (
          <Row
            key={span.key}
            span={span}
            axis={axis}
            now={moment}
            isSelected={span.key === selected}
            isReachable={span.key === reachable}
            onFocus={() => setFocused(span.key)}
            onSelect={() => onSelect?.(span.key)}
          />
        ))}
      </div>
    </div>
  );
}

function useClock(isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}

function AxisLabels({ axis }: { axis: Axis }) {
  return (
    <>
      {axis.ticks.map((tick) => {
        const isCrowded = axis.breaks.some(({ from, to }) => tick.place > from - 0.06 && tick.place < to + 0.05);
        if (isCrowded || tick.place > 0.97) return null;
        return (
          <span
            key={`${tick.place}`}
            style={{ left: `${tick.place * 100}%` }}
            className={cx(
              "text-quiet absolute bottom-1 whitespace-nowrap tabular-nums",
              tick.place > 0.02 && "-translate-x-1/2",
            )}
          >
            {tick.ms === 0 ? "0" : `${tick.isAfterBreak ? "+" : ""}${duration(tick.ms)}`}
          </span>
        );
      })}
      {axis.breaks.map(({ from, to, ms }) => (
        <span
          key={from}
          title={`${duration(ms)} without work, drawn shorter`}
          style={{ left: `${((from + to) / 2) * 100}%` }}
          className="text-ink absolute bottom-1 -translate-x-1/2 font-medium whitespace-nowrap"
        >
          {duration(ms)}
        </span>
      ))}
    </>
  );
}

const BARS: Record<SpanStatus, string> = {
  completed: "bg-good",
  failed: "bg-bad",
  running: "bg-info motion-safe:animate-pulse",
  waiting: "border border-info bg-info-tint",
  cancelled: "border border-warn bg-warn-tint",
  skipped: "border border-quiet border-dashed",
};
const DOTS: Record<SpanStatus, string> = {
  completed: "bg-good",
  failed: "bg-bad rotate-45 rounded-none!",
  running: "bg-info",
  waiting: "border-2 border-info",
  cancelled: "border-2 border-warn",
  skipped: "border-2 border-quiet border-dashed",
};

/** Waiting that is over is drawn paler than work. */
const barLook = (span: WaterfallSpan) =>
  isIdle(span) && span.status === "completed" ? "border border-good bg-good-tint" : BARS[span.status];

type RowProps = {
  span: WaterfallSpan;
  axis: Axis;
  now: number;
  isSelected: boolean;
  isReachable: boolean;
  onFocus: () => void;
  onSelect: () => void;
};

function Row({ span, axis, now, isSelected, isReachable, onFocus, onSelect }: RowProps) {
  const end = endOf(span, now);
  const attempts = span.attempts ?? [];
  const took = span.status === "skipped" ? "" : duration(end - Date.parse(span.start));
  const tries = attempts.length > 1 ? `${attempts.length} attempts` : "";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys of all its rows
    <div
      role="option"
      aria-selected={isSelected}
      aria-label={[
        span.name,
        span.kind,
        span.status,
        took,
        tries,
        `starts after ${duration(Date.parse(span.start) - axis.start)}`,
      ]
        .filter(Boolean)
        .join(", ")}
      tabIndex={isReachable ? 0 : -1}
      onFocus={onFocus}
      onClick={onSelect}
      className="border-line hover:bg-sunken aria-selected:bg-bronze-tint grid cursor-pointer grid-cols-1 items-center border-b -outline-offset-2 @[560px]:grid-cols-[min(16rem,34%)_1fr]"
    >
      <div className="flex min-w-0 items-center gap-2 px-2 pt-1.5 @[560px]:py-1.5">
        <span aria-hidden className={cx("size-2 shrink-0 rounded-full", DOTS[span.status])} />
        <span className="min-w-0 truncate font-medium" title={span.name}>
          {span.name}
        </span>
        {span.kind && <span className="text-quiet shrink-0">{span.kind}</span>}
        <span className="text-quiet ml-auto shrink-0 tabular-nums">{took || span.status}</span>
      </div>
      <div className="relative mx-2 h-7">
        {axis.ticks.map((tick) => (
          <span
            key={tick.place}
            aria-hidden
            className="bg-line absolute inset-y-0 w-px opacity-60"
            style={{ left: `${tick.place * 100}%` }}
          />
        ))}
        <Bar
          axis={axis}
          from={Date.parse(span.start)}
          to={end}
          look={attempts.length > 1 ? SPAN_OF_ATTEMPTS : barLook(span)}
        />
        {attempts.length > 1 &&
          attempts.map((attempt) => (
            <Bar
              key={attempt.start}
              axis={axis}
              from={Date.parse(attempt.start)}
              to={endOf(attempt, now)}
              look={BARS[attempt.status]}
              title={`${attempt.status}, ${duration(endOf(attempt, now) - Date.parse(attempt.start))}`}
            />
          ))}
        {axis.breaks.map(({ from, to }) => (
          <span
            key={from}
            aria-hidden
            className="bg-raised border-quiet absolute inset-y-0 w-1.5 -skew-x-12 border-x"
            style={{ left: `calc(${((from + to) / 2) * 100}% - 3px)` }}
          />
        ))}
      </div>
    </div>
  );
}

const SPAN_OF_ATTEMPTS = "bg-line h-1! top-3!";

function Bar({ axis, from, to, look, title }: { axis: Axis; from: number; to: number; look: string; title?: string }) {
  const left = axis.place(from);
  const width = axis.place(to) - left;
  return (
    <span
      title={title}
      className={cx("absolute top-1.5 h-4 rounded-sm", look)}
      style={{ left: `min(${left * 100}%, 100% - 4px)`, width: `max(${width * 100}%, 4px)` }}
    />
  );
}
