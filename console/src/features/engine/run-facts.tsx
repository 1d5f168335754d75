// The facts of a run or a job: its moments, its cause, and why it failed.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Code, Status } from "../../components/ui/badge";
import { CopyButton } from "../../components/ui/copy-button";
import { cx } from "../../components/ui/cx";
import { duration } from "../../components/ui/durations";
import { Go } from "../../components/ui/go";
import { Facts } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { exactly } from "../../lib/format";
import { asObject, asText } from "../../lib/json";
import { paths } from "../../lib/paths";
import { isActive, type RunDetail, readRun } from "./client";
import { runsIn } from "./spans";

/** A run or a job, read anew while it goes on. */
export const useRun = (id: string) =>
  useQuery({
    queryKey: ["engine", "run", id],
    queryFn: () => readRun(id),
    refetchInterval: ({ state }) => (state.data && isActive(state.data) ? 1_500 : false),
  });

export function RunFacts({ run }: { run: RunDetail }) {
  const waited = run.started_at ? Date.parse(run.started_at) - Date.parse(run.queued_at) : undefined;
  const took = run.started_at && run.ended_at ? Date.parse(run.ended_at) - Date.parse(run.started_at) : undefined;
  const kin = [...(run.parent ? [run.parent.id] : []), ...run.children.map(({ id }) => id)];
  const others = runsIn([run.input, run.output], run.id).filter((id) => !kin.includes(id));
  const facts: ([name: string, value: ReactNode] | undefined)[] = [
    ["Cause", <Cause key="cause" run={run} />],
    ["Queued", <Moment key="queued" at={run.queued_at} />],
    waited !== undefined ? ["Waited", duration(waited)] : undefined,
    run.started_at ? ["Started", <Moment key="started" at={run.started_at} />] : undefined,
    run.ended_at ? ["Ended", <Moment key="ended" at={run.ended_at} />] : undefined,
    took !== undefined ? ["Took", duration(took)] : undefined,
    run.due && isActive(run) ? ["Due", <Moment key="due" at={run.due} />] : undefined,
    ["Failed attempts", run.failures],
    run.version > 0 ? ["Version", run.version] : undefined,
    run.priority !== 0 ? ["Priority", run.priority] : undefined,
    run.parent ? ["Started by", <Parent key="parent" parent={run.parent} />] : undefined,
    run.children.length > 0 ? ["Started runs", <Children key="children" runs={run.children} />] : undefined,
    others.length > 0 ? ["Other runs", <Runs key="others" ids={others} />] : undefined,
    ["Id", <Id key="id" id={run.id} />],
    ["Trace", <Id key="trace" id={run.trace_id} />],
  ];
  return <Facts of={facts.filter((fact): fact is [string, ReactNode] => fact !== undefined)} />;
}

const CAUSES: Record<string, string> = {
  call: "a call",
  event: "an event",
  cron: "its schedule",
  invoke: "another run",
  failure: "the failure of a run",
  replay: "a replay",
};

function Cause({ run }: { run: RunDetail }) {
  const name = asText(asObject(run.input).name);
  return (
    <>
      {CAUSES[run.cause] ?? run.cause}
      {run.cause === "event" && name && (
        <>
          {" "}
          <Code>{name}</Code>
        </>
      )}
    </>
  );
}

function Moment({ at }: { at: string }) {
  return (
    <>
      {exactly(at)} <Time at={at} />
    </>
  );
}

function Id({ id }: { id: string }) {
  return (
    <span className="flex items-center gap-1">
      <Code>{id}</Code>
      <CopyButton iconOnly text={id} label="Copy id" />
    </span>
  );
}

function Parent({ parent }: { parent: NonNullable<RunDetail["parent"]> }) {
  return (
    <span>
      <RunLink id={parent.id} /> in step <Code>{parent.step}</Code>
    </span>
  );
}

function Children({ runs }: { runs: RunDetail["children"] }) {
  return (
    <ul className="grid gap-1">
      {runs.map((child) => (
        <li key={child.id} className="flex flex-wrap items-center gap-2">
          <RunLink id={child.id} />
          <span>{child.name}</span>
          <Status word={child.status} />
          <span className="text-quiet text-xs">step {child.step}</span>
        </li>
      ))}
    </ul>
  );
}

export function RunLink({ id }: { id: string }) {
  return (
    <Go to={paths.run(id)} className="text-bronze font-mono text-xs break-all hover:underline">
      {id}
    </Go>
  );
}

function Runs({ ids }: { ids: string[] }) {
  return (
    <span className="grid gap-1">
      {ids.slice(0, 10).map((id) => (
        <RunLink key={id} id={id} />
      ))}
    </span>
  );
}

/** Why a run ended, or why it is tried again. */
export function RunError({ run }: { run: Pick<RunDetail, "status" | "error"> }) {
  const isFailed = run.status === "failed";
  const word = isFailed ? "It failed" : run.status === "cancelled" ? "It was cancelled" : "The last attempt failed";
  return <Reason title={word} text={run.error ?? ""} isBad={isFailed} />;
}

export function Reason({ title, text, isBad }: { title: string; text: string; isBad: boolean }) {
  return (
    <div
      role="status"
      className={cx("rounded-md border px-3 py-2", isBad ? "border-bad/40 bg-bad-tint" : "border-warn/40 bg-warn-tint")}
    >
      <p className={cx("font-medium", isBad ? "text-bad" : "text-warn")}>{title}</p>
      <p className="font-mono text-xs break-words whitespace-pre-wrap">{text}</p>
    </div>
  );
}

export function NoSteps({ run }: { run: Pick<RunDetail, "ended_at"> }) {
  return (
    <p className="text-quiet">{run.ended_at ? "It ended before its first step." : "Its first step has not begun."}</p>
  );
}
