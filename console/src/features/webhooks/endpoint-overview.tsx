// How an endpoint does: two weeks of attempts by day, its figures, and what it is sent.

import { useQueries } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Badge, Code } from "../../components/ui/badge";
import { TimeChart } from "../../components/ui/chart";
import { CopyButton } from "../../components/ui/copy-button";
import { duration } from "../../components/ui/durations";
import { Facts, Failure, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { data } from "../../lib/api";
import type { Endpoint } from "./client";
import { useRead, useWebhooks } from "./context";
import { lastDays, percentile, shareOf } from "./numbers";

const DAYS = 14;
const DAY = 86_400_000;
const SAMPLE = 250;

export function EndpointOverview({ endpoint }: { endpoint: Endpoint }) {
  return (
    <div className="grid gap-4">
      <Figures endpoint={endpoint.id} />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <Panel title="Attempts in two weeks" note="by day, UTC">
          <DaysChart endpoint={endpoint.id} />
        </Panel>
        <About endpoint={endpoint} />
      </div>
    </div>
  );
}

function DaysChart({ endpoint }: { endpoint: string }) {
  const { svix, app } = useWebhooks();
  const days = lastDays(DAYS, Date.now());
  const today = days.at(-1) ?? 0;
  const stats = useQueries({
    queries: days.map((day) => ({
      queryKey: ["webhooks", app, "day", endpoint, day],
      queryFn: () => {
        const query = { since: iso(day), until: day < today ? iso(day + DAY) : undefined };
        return data(
          svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/stats", { params: { path: { app, endpoint }, query } }),
        );
      },
      // A past period does not change.
      staleTime: day < today ? Number.POSITIVE_INFINITY : 15_000,
    })),
  });
  const failed = stats.find(({ error }) => error);
  if (failed)
    return <Failure error={failed.error} onRetry={() => void Promise.all(stats.map(({ refetch }) => refetch()))} />;
  if (stats.some(({ isPending }) => isPending))
    return (
      <div className="h-67">
        <Skeleton lines={7} />
      </div>
    );
  const values = (name: "success" | "fail") => stats.map(({ data }) => data?.[name] ?? 0);
  return (
    <div className="p-4">
      <TimeChart
        label="Attempts"
        times={days.map((day) => day / 1000)}
        kind="stacked"
        height={180}
        series={[
          { name: "Failed", values: values("fail"), tone: "bad" },
          { name: "Delivered", values: values("success"), tone: "good" },
        ]}
      />
    </div>
  );
}

const iso = (at: number) => new Date(at).toISOString();

/** The figures of 28 days, and the durations of the newest attempts. */
function Figures({ endpoint }: { endpoint: string }) {
  const stats = useRead(["endpoint", endpoint, "stats"], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/stats", { params: { path: { app, endpoint } } }),
  );
  const newest = useRead(
    ["endpoint", endpoint, "durations"],
    ({ svix, app }) =>
      svix.GET("/api/v1/app/{app}/attempt/endpoint/{endpoint}", {
        params: { path: { app, endpoint }, query: { limit: SAMPLE, with_content: false } },
      }),
    { staleTime: 15_000 },
  );
  const attempts = newest.data?.data ?? [];
  const took = attempts
    .filter(({ responseStatusCode }) => responseStatusCode > 0)
    .map(({ responseDurationMs }) => responseDurationMs);
  const sample = `of the newest ${attempts.length === 1 ? "attempt" : `${attempts.length} attempts`}`;
  const time = (part: number) => (took.length > 0 ? duration(percentile(took, part) ?? 0) : "–");
  const it = stats.data;
  return (
    <dl className="border-line bg-raised grid grid-cols-2 gap-px overflow-hidden rounded-lg border sm:grid-cols-5">
      <Figure name="Delivered" value={it?.success.toLocaleString("en") ?? "…"} note="in 28 days" />
      <Figure name="Failed" value={it?.fail.toLocaleString("en") ?? "…"} note="in 28 days" />
      <Figure
        name="Error rate"
        value={it ? shareOf(it.fail, it.fail + it.success) : "…"}
        note="in 28 days"
        isBad={it && it.fail / Math.max(it.fail + it.success, 1) > 0.05}
      />
      <Figure name="Median" value={newest.data ? time(0.5) : "…"} note={sample} />
      <Figure name="p95" value={newest.data ? time(0.95) : "…"} note={sample} />
    </dl>
  );
}

function Figure({ name, value, note, isBad }: { name: string; value: ReactNode; note: string; isBad?: boolean }) {
  return (
    <div className="px-4 py-3">
      <dt className="text-quiet text-xs">{name}</dt>
      <dd className={`text-lg font-semibold tabular-nums ${isBad ? "text-bad" : ""}`}>{value}</dd>
      <dd className="text-quiet text-2xs">{note}</dd>
    </div>
  );
}

function About({ endpoint }: { endpoint: Endpoint }) {
  const many = (values: string[] | null) =>
    values ? (
      <span className="flex flex-wrap gap-1.5">
        {values.map((name) => (
          <Badge key={name}>{name}</Badge>
        ))}
      </span>
    ) : (
      "all"
    );
  const metadata = Object.entries(endpoint.metadata);
  return (
    <Panel title="Details">
      <Facts
        of={[
          ["Events", many(endpoint.eventTypes)],
          ["Channels", many(endpoint.channels)],
          ["Rate limit", endpoint.throttleRate ? `${endpoint.throttleRate} a second` : "none"],
          ["Created", <Time key="created" at={endpoint.createdAt} />],
          ["Changed", <Time key="changed" at={endpoint.updatedAt} />],
          [
            "Id",
            <span key="id" className="flex items-center gap-1">
              <Code>{endpoint.id}</Code>
              <CopyButton iconOnly text={endpoint.id} label="Copy id" />
            </span>,
          ],
          ...(endpoint.uid ? [["UID", <Code key="uid">{endpoint.uid}</Code>] as [string, ReactNode]] : []),
          ...metadata.map(([name, value]): [string, ReactNode] => [name, value]),
        ]}
      />
    </Panel>
  );
}
