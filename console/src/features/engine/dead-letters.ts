// Failures for good, by name and reason: errors that differ only in ids and numbers are one.

import type { Run } from "./client";

export type DeadGroup = {
  key: string;
  name: string;
  /** The error; without ids and numbers where these differ. */
  error: string;
  runs: Run[];
  newest: string;
  oldest: string;
};

export function grouped(runs: Run[]): DeadGroup[] {
  const groups = new Map<string, DeadGroup>();
  for (const run of runs) {
    const error = withoutParticulars(run.error ?? "no error was kept");
    const key = `${run.name} ${error}`;
    const at = run.ended_at ?? run.queued_at;
    const known = groups.get(key);
    if (!known)
      groups.set(key, { key, name: run.name, error: run.error ?? error, runs: [run], newest: at, oldest: at });
    else {
      if (run.error !== known.runs[0]?.error) known.error = error;
      known.runs.push(run);
      if (at > known.newest) known.newest = at;
      if (at < known.oldest) known.oldest = at;
    }
  }
  return [...groups.values()].sort((a, b) => b.runs.length - a.runs.length || b.newest.localeCompare(a.newest));
}

/** An error with "…" for ids, addresses' ports, quoted values and numbers. */
export function withoutParticulars(error: string): string {
  return error
    .replace(/\b[a-z]{2,8}_[0-9A-Za-z]{20,}\b/g, "…")
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi, "…")
    .replace(/\d+/g, "…")
    .replace(/…(?:[.:]…)+/g, "…")
    .trim();
}
