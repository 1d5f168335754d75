// The metrics that matter to whoever looks after the server.

import { type Metrics, total } from "../../lib/metrics";

export type Queue = { name: string; depth: number; oldest: number };

export function figuresOf(metrics: Metrics) {
  const one = (name: string) => total(metrics, name);
  const sum = (name: string, fits?: (labels: Record<string, string>) => boolean) => total(metrics, name, fits) ?? 0;
  const mean = (name: string) => {
    const count = one(`${name}_count`);
    return count ? (1000 * sum(`${name}_sum`)) / count : undefined;
  };
  const started = one("process_start_time_seconds");
  const isAccepted = ({ result }: Record<string, string>) =>
    result === "accepted" || result === "duplicate" || result === "known";
  return {
    startedAt: started === undefined ? undefined : new Date(started * 1000).toISOString(),
    memory: one("process_resident_memory_bytes"),
    cpuSeconds: one("process_cpu_seconds_total"),
    openFiles: one("process_open_fds"),
    maxFiles: one("process_max_fds"),
    connections: one("campanile_http_connections"),
    databaseBytes: one("campanile_db_bytes"),
    queues: queuesOf(metrics),
    deliveries: sum("campanile_deliveries_total", isAccepted),
    refused: sum("campanile_deliveries_total", (labels) => !isAccepted(labels)),
    observations: sum("campanile_observations_total"),
    delivered: sum("campanile_webhook_attempts_total", ({ end }) => end === "delivered"),
    failedAttempts: sum("campanile_webhook_attempts_total", ({ end }) => end !== "delivered"),
    messages: sum("campanile_messages_total") + sum("campanile_feed_items_total"),
    requests: sum("campanile_http_seconds_count"),
    requestMs: mean("campanile_http_seconds"),
    webhookMs: mean("campanile_webhook_seconds"),
  };
}

/** Those in which something waits, the oldest first. */
function queuesOf(metrics: Metrics): Queue[] {
  const oldest = new Map(
    metrics.get("campanile_queue_oldest_seconds")?.map(({ labels, value }) => [labels.name, value]),
  );
  return (metrics.get("campanile_queue_depth") ?? [])
    .map(({ labels, value }) => ({ name: labels.name ?? "", depth: value, oldest: oldest.get(labels.name) ?? 0 }))
    .filter(({ depth, oldest }) => depth > 0 || oldest > 0)
    .sort((a, b) => b.oldest - a.oldest);
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}
