// Counts and durations over a day, a week or a month.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { TimeChart } from "../../components/ui/chart";
import { duration } from "../../components/ui/durations";
import { SelectField } from "../../components/ui/field";
import { Failure, Panel, Skeleton } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { useUrl } from "../../lib/url";
import { type Kind, kindOf, readStatistics, readWorkflows, type Statistics, type Window } from "./client";
import { figuresOf, rateOf } from "./figures";

const WINDOWS: [Window, string][] = [
  ["24h", "24 hours"],
  ["7d", "7 days"],
  ["30d", "30 days"],
];
const isWindow = (text: string | undefined): text is Window => WINDOWS.some(([window]) => window === text);

export function StatisticsView({ kind, only }: { kind: Kind; only?: string }) {
  const url = useUrl();
  const asked = url.get("window");
  const window = isWindow(asked) ? asked : "24h";
  const name = only ?? url.get("name");
  const workflows = useQuery({
    queryKey: ["engine", "workflows"],
    queryFn: readWorkflows,
    staleTime: 60_000,
    enabled: !only,
  });
  const names = (workflows.data ?? []).filter((workflow) => kindOf(workflow) === kind).map(({ name }) => name);
  const statistics = useQuery({
    queryKey: ["engine", "statistics", kind, name, window],
    queryFn: () => readStatistics(kind, { name, window }),
    refetchInterval: 10_000,
  });
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-end gap-3">
        <Segments
          label="Span"
          value={window}
          options={WINDOWS}
          onChange={(value) => url.set({ window: value === "24h" ? undefined : value })}
        />
        {!only && (
          <div className="w-full sm:w-72">
            <SelectField
              label="Of"
              hidesLabel
              options={[
                { value: "", title: kind === "runs" ? "All workflows" : "All kinds of jobs" },
                ...names.map((value) => ({ value, title: value })),
              ]}
              value={name ?? ""}
              onChange={(event) => url.set({ name: event.target.value })}
            />
          </div>
        )}
      </div>
      {statistics.isPending && <Skeleton lines={6} />}
      <Failure error={statistics.error} onRetry={() => void statistics.refetch()} />
      {statistics.data && <Shown statistics={statistics.data} window={window} isNarrow={Boolean(only)} />}
    </div>
  );
}

const count = (value: number) => value.toLocaleString("en");
const time = (ms: number | undefined) => (ms === undefined ? "–" : duration(ms));

function Shown({ statistics, window, isNarrow }: { statistics: Statistics; window: Window; isNarrow: boolean }) {
  const it = statistics;
  const figures = figuresOf(it.hours, window, Date.now());
  const durations = it.duration ?? undefined;
  return (
    <>
      <dl
        className={`border-line bg-raised grid grid-cols-2 gap-px overflow-hidden rounded-lg border ${isNarrow ? "" : "sm:grid-cols-4 xl:grid-cols-8"}`}
      >
        <Figure
          name="Success"
          value={rateOf(it.success_rate)}
          isBad={it.success_rate !== null && it.success_rate !== undefined && it.success_rate < 0.95}
        />
        <Figure name="Completed" value={count(it.completed)} />
        <Figure name="Failed" value={count(it.failed)} isBad={it.failed > 0} />
        <Figure name="Retried" value={count(it.retried)} />
        <Figure name="Active now" value={count(it.active)} />
        <Figure name="p50" value={time(durations?.p50)} />
        <Figure name="p95" value={time(durations?.p95)} />
        <Figure name="p99" value={time(durations?.p99)} />
      </dl>
      <p className="text-quiet -mt-2 text-xs">
        {count(it.queued)} requested, {count(it.cancelled)} cancelled, {count(it.skipped)} left out by flow control.
        Durations are from start to end, of what completed.
      </p>
      <Panel title="Ended" note={window === "24h" ? "by the hour" : window === "7d" ? "by six hours" : "by the day"}>
        <div className="p-4">
          <TimeChart
            label="Ended"
            times={figures.times}
            kind="stacked"
            height={180}
            series={[
              { name: "Failed", values: figures.failed, tone: "bad" },
              { name: "Completed", values: figures.completed, tone: "good" },
            ]}
          />
        </div>
      </Panel>
      <Panel title="Average duration">
        <div className="p-4">
          <TimeChart
            label="Average duration"
            times={figures.times}
            unit="ms"
            height={140}
            series={[{ name: "Average", values: figures.average, tone: "bronze" }]}
          />
        </div>
      </Panel>
    </>
  );
}

function Figure({ name, value, isBad }: { name: string; value: ReactNode; isBad?: boolean }) {
  return (
    <div className="px-4 py-3">
      <dt className="text-quiet text-xs">{name}</dt>
      <dd className={`text-lg font-semibold tabular-nums ${isBad ? "text-bad" : ""}`}>{value}</dd>
    </div>
  );
}
