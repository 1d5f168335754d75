// The server's own figures at /metrics, in the text format of Prometheus.

import { useQuery } from "@tanstack/react-query";

import { ApiError } from "./api";

export type Sample = { labels: Record<string, string>; value: number };
export type Metrics = Map<string, Sample[]>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)"/g;

export function readMetrics(text: string): Metrics {
  const metrics: Metrics = new Map();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name, inner = "", number] = LINE.exec(line) ?? [];
    const value = Number(number);
    if (!name || Number.isNaN(value)) continue;
    const labels = Object.fromEntries(
      [...inner.matchAll(LABEL)].map(([, key, text]) => [key, text?.replace(/\\(.)/g, "$1")]),
    );
    metrics.set(name, [...(metrics.get(name) ?? []), { labels, value }]);
  }
  return metrics;
}

/** The sum of a metric's samples, or of those that fit; nothing where there is none. */
export function total(
  metrics: Metrics,
  name: string,
  fits: (labels: Record<string, string>) => boolean = () => true,
): number | undefined {
  const samples = metrics.get(name)?.filter(({ labels }) => fits(labels));
  return samples?.length ? samples.reduce((sum, { value }) => sum + value, 0) : undefined;
}

/** The largest of a metric's samples, with what it is of. */
export function largest(metrics: Metrics, name: string): Sample | undefined {
  return metrics.get(name)?.reduce((most, sample) => (sample.value > most.value ? sample : most));
}

/** Read anew every so many milliseconds; `null` where the server does not serve metrics. */
export function useMetrics(every = 15_000) {
  return useQuery({
    queryKey: ["metrics"],
    refetchInterval: every,
    queryFn: async () => {
      const answer = await fetch("/metrics").catch((error: Error) => Promise.reject(new ApiError(0, error.message)));
      if (answer.status === 404) return null;
      if (!answer.ok)
        throw new ApiError(
          answer.status,
          `The server answered ${answer.status}.`,
          answer.headers.get("x-request-id") ?? undefined,
        );
      const text = await answer.text();
      return text.startsWith("<") ? null : readMetrics(text);
    },
  });
}
