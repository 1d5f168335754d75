import { describe, expect, it } from "vitest";

import type { Step } from "./client";
import { runsIn, spansOf } from "./spans";

const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 12, 0, second)).toISOString();
const step = (change: Partial<Step>): Step => ({
  key: "charge",
  kind: "run",
  status: "completed",
  started_at: at(0),
  ended_at: at(1),
  failures: [],
  ...change,
});
const failure = (number: number, from: number, to: number) => ({
  number,
  started_at: at(from),
  ended_at: at(to),
  error: "declined",
});

describe("the bars of a run", () => {
  it("stand in the order in which the steps began", () => {
    const spans = spansOf({
      status: "completed",
      steps: [step({ key: "b", started_at: at(5) }), step({ key: "a", started_at: at(2) })],
    });
    expect(spans.map(({ key }) => key)).toEqual(["a", "b"]);
  });

  it("have every attempt, the last of which succeeded", () => {
    const [span] = spansOf({
      status: "completed",
      steps: [step({ ended_at: at(9), failures: [failure(1, 0, 1), failure(2, 4, 5)] })],
    });
    expect(span?.attempts?.map(({ status, start }) => [status, start])).toEqual([
      ["failed", at(0)],
      ["failed", at(4)],
      ["completed", at(5)],
    ]);
  });

  it("wait where the engine waits, and run where it works", () => {
    const status = (change: Partial<Step>) =>
      spansOf({ status: "waiting", steps: [step({ status: "pending", ended_at: null, ...change })] })[0]?.status;
    expect(status({ kind: "sleep" })).toBe("waiting");
    expect(status({ kind: "wait" })).toBe("waiting");
    expect(status({ kind: "run" })).toBe("running");
    expect(status({ kind: "run", failures: [failure(1, 0, 1)] })).toBe("waiting");
  });

  it("end with the run: what was pending is cancelled", () => {
    expect(spansOf({ status: "cancelled", steps: [step({ status: "pending", ended_at: null })] })[0]?.status).toBe(
      "cancelled",
    );
  });
});

it("other runs that a value names are found once, and not the run itself", () => {
  const [own, other] = ["run_3Mgmxt4RxFPW1m4Q47kTNj5logl", "run_3MgmxslP3FYccoe7QbpzsgfPVmh"];
  expect(runsIn({ data: { run: own, failed: other, again: [other] } }, own)).toEqual([other]);
  expect(runsIn(undefined, own)).toEqual([]);
});
