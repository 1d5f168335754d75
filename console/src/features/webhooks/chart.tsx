// How an endpoint did, day by day: what was delivered, and what failed.

import { useQueries } from "@tanstack/react-query";

import type { Stats } from "./client";
import { useWebhooks } from "./context";

const DAYS = 14;
const DAY = 24 * 3_600_000;
const HEIGHT = 80;

export function DaysChart({ endpoint }: { endpoint: string }) {
  const { ask } = useWebhooks();
  const today = Math.floor(Date.now() / DAY) * DAY;
  const days = Array.from({ length: DAYS }, (_, back) => today - (DAYS - 1 - back) * DAY);
  const stats = useQueries({
    queries: days.map((day) => ({
      queryKey: ["webhooks", "day", endpoint, day],
      queryFn: () => ask<Stats>("GET", `/endpoint/${endpoint}/stats?since=${iso(day)}${day < today ? `&until=${iso(day + DAY)}` : ""}`),
      // What is over does not change.
      staleTime: day < today ? Infinity : 0,
    })),
  });
  const counts = stats.map((day) => ({ success: day.data?.success ?? 0, fail: day.data?.fail ?? 0 }));
  const most = Math.max(1, ...counts.map((day) => day.success + day.fail));
  const [good, bad] = [sum(counts.map((day) => day.success)), sum(counts.map((day) => day.fail))];
  return (
    <figure className="p-4">
      <svg viewBox={`0 0 ${DAYS * 20} ${HEIGHT}`} className="h-24 w-full" preserveAspectRatio="none" role="img" aria-label={`${good} delivered and ${bad} failed in ${DAYS} days`}>
        <line x1="0" x2={DAYS * 20} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} stroke="var(--line)" />
        {counts.map((day, at) => {
          const [success, fail] = [(day.success / most) * (HEIGHT - 4), (day.fail / most) * (HEIGHT - 4)];
          return (
            <g key={days[at]}>
              <title>{`${iso(days[at]!).slice(0, 10)}: ${day.success} delivered, ${day.fail} failed`}</title>
              <rect x={at * 20} width="20" y="0" height={HEIGHT} fill="transparent" />
              <rect x={at * 20 + 4} width="12" y={HEIGHT - success} height={success} fill="var(--good)" />
              <rect x={at * 20 + 4} width="12" y={HEIGHT - success - fail} height={fail} fill="var(--bad)" />
            </g>
          );
        })}
      </svg>
      <figcaption className="text-quiet flex justify-between text-xs">
        <span>{DAYS} days ago</span>
        <span>
          <b className="text-good">{good}</b> delivered, <b className="text-bad">{bad}</b> failed
        </span>
        <span>today</span>
      </figcaption>
    </figure>
  );
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
