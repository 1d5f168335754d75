import { expect, test } from "vitest";

import { largest, readMetrics, total } from "./metrics";

const TEXT = `# HELP campanile_queue_depth Runs and jobs that are due and wait, by name.
# TYPE campanile_queue_depth gauge
campanile_queue_depth{name="inbound.process"} 3
campanile_queue_depth{name="notify.deliver"} 4
campanile_jobs_total{kind="a \\"b\\"",end="done"} 2
process_open_fds 27
`;

test("samples are read with their labels", () => {
  const metrics = readMetrics(TEXT);
  expect(metrics.get("process_open_fds")).toEqual([{ labels: {}, value: 27 }]);
  expect(metrics.get("campanile_jobs_total")?.[0]?.labels).toEqual({ kind: 'a "b"', end: "done" });
});

test("sums are of all samples, or of those that fit", () => {
  const metrics = readMetrics(TEXT);
  expect(total(metrics, "campanile_queue_depth")).toBe(7);
  expect(total(metrics, "campanile_queue_depth", ({ name }) => name === "notify.deliver")).toBe(4);
  expect(total(metrics, "nothing")).toBeUndefined();
});

test("the largest sample is told with what it is of", () => {
  expect(largest(readMetrics(TEXT), "campanile_queue_depth")).toEqual({ labels: { name: "notify.deliver" }, value: 4 });
});
