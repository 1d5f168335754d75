// A line of figures: whether sources are heard, what waits, and whether what goes out arrives.

import type { ReactNode } from "react";

import { cx } from "../../components/ui/cx";
import { duration } from "../../components/ui/durations";
import { Go } from "../../components/ui/go";
import { Time } from "../../components/ui/time";
import { largest, total, useMetrics } from "../../lib/metrics";
import { paths } from "../../lib/paths";
import { useLatestDeliveries, useSources } from "../../lib/sources";
import { said } from "./needs";
import { useDeliveryCount, useStatistics, useWebhookStatistics } from "./reading";

export function HealthStrip() {
  return (
    <dl
      aria-label="Health"
      className="border-line bg-line grid grid-cols-2 gap-px overflow-hidden rounded-lg border sm:grid-cols-3 xl:grid-cols-6"
    >
      <Sources />
      <Waiting />
      <Failed />
      <Webhooks />
      <Queue />
      <Speed />
    </dl>
  );
}

type FigureProps = {
  title: string;
  value: ReactNode;
  note?: ReactNode;
  tone?: "good" | "bad" | "warn";
  to?: string;
  search?: Record<string, string>;
  hint?: string;
};

function Figure({ title, value, note, tone, to, search, hint }: FigureProps) {
  const figure = (
    <span
      className={cx(
        "block text-xl font-semibold tabular-nums",
        tone === "bad" && "text-bad",
        tone === "warn" && "text-warn",
        tone === "good" && "text-good",
      )}
    >
      {value ?? "–"}
    </span>
  );
  return (
    <div className="bg-raised min-w-0 px-4 py-3" title={hint}>
      <dt className="text-quiet truncate text-xs">{title}</dt>
      <dd className="mt-0.5 min-h-7">
        {to ? (
          <Go to={to} search={search} className="hover:underline">
            {figure}
          </Go>
        ) : (
          figure
        )}
      </dd>
      <dd className="text-quiet min-h-4 truncate text-xs">{note}</dd>
    </div>
  );
}

function Sources() {
  const sources = useSources();
  const deliveries = useLatestDeliveries();
  const last = deliveries.data?.[0];
  return (
    <Figure
      title="Sources"
      value={sources.data?.length}
      tone={sources.data?.length === 0 ? "warn" : undefined}
      note={
        last ? (
          <>
            Last <Time at={last.received_at} />
          </>
        ) : (
          deliveries.data && "No delivery yet"
        )
      }
      to={paths.integrations}
    />
  );
}

function Waiting() {
  const waiting = useDeliveryCount("received").data;
  return (
    <Figure
      title="Deliveries that wait"
      value={waiting && said(waiting)}
      tone={waiting && waiting.count > 50 ? "warn" : undefined}
      note="to be processed"
      to={paths.deliveries}
      search={{ status: "received" }}
    />
  );
}

function Failed() {
  const failed = useDeliveryCount("failed").data;
  return (
    <Figure
      title="Deliveries that failed"
      value={failed && said(failed)}
      tone={failed && failed.count > 0 ? "bad" : undefined}
      note="to look at"
      to={paths.deliveries}
      search={{ status: "failed" }}
    />
  );
}

/** Attempts at all endpoints of the organisation, those of customers among them. */
function Webhooks() {
  const { data: attempts } = useWebhookStatistics();
  const success = attempts?.successRate ?? undefined;
  const tone = success === undefined ? undefined : success < 0.5 ? "bad" : success < 0.95 ? "warn" : "good";
  const all = attempts && attempts.delivered + attempts.failed;
  return (
    <Figure
      title="Webhooks that arrive"
      hint={attempts?.p95 ? `95 of 100 are answered within ${duration(attempts.p95)}` : undefined}
      value={success === undefined ? "–" : `${Math.floor(success * 1000) / 10} %`}
      tone={tone}
      note={attempts && (all ? `${attempts.failed} of ${all} attempts failed, 24 h` : "Nothing sent in 24 h")}
      to={paths.applications}
    />
  );
}

function Queue() {
  const { data: metrics } = useMetrics();
  const jobs = useStatistics(undefined, "24h");
  const oldest = metrics ? largest(metrics, "campanile_queue_oldest_seconds") : undefined;
  const depth = metrics ? total(metrics, "campanile_queue_depth") : undefined;
  if (!oldest)
    return <Figure title="Jobs under way" value={jobs.data?.active} note="due or between tries" to={paths.jobs} />;
  const tone = oldest.value > 300 ? "bad" : oldest.value > 30 ? "warn" : undefined;
  return (
    <Figure
      title="Oldest job that is due"
      value={oldest.value === 0 ? "0 s" : duration(oldest.value * 1000)}
      tone={tone}
      note={`${depth ?? 0} due, ${jobs.data?.active ?? 0} in all`}
      hint={oldest.value > 0 ? oldest.labels.name : undefined}
      to={paths.jobs}
    />
  );
}

function Speed() {
  const processing = useStatistics("inbound.process", "24h");
  const p95 = processing.data?.duration?.p95;
  return (
    <Figure
      title="Processed within"
      value={p95 === undefined ? "–" : duration(p95)}
      note="p95 of 24 h"
      hint="From the request to the end of the job"
      to={paths.jobs}
      search={{ name: "inbound.process" }}
    />
  );
}
