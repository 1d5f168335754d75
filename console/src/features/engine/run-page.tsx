// One run: its steps on a time axis, each with its result and failed attempts; its input and output; and what can be done with it.

import { useParams } from "@tanstack/react-router";
import { Repeat } from "lucide-react";
import { Badge, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { duration } from "../../components/ui/durations";
import { JsonViewer } from "../../components/ui/json-viewer";
import { Facts, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Tabs } from "../../components/ui/tabs";
import { Time } from "../../components/ui/time";
import { Waterfall } from "../../components/ui/waterfall";
import { usePageActions } from "../../lib/actions";
import { exactly } from "../../lib/format";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import { canRetry, type RunDetail, type Step } from "./client";
import { inputOf, Replay } from "./replay";
import { RunActions, useRetry } from "./run-actions";
import { NoSteps, Reason, RunError, RunFacts, RunLink, useRun } from "./run-facts";
import { spansOf } from "./spans";

export function RunPage() {
  const { run: id = "" } = useParams({ strict: false }) as { run?: string };
  const run = useRun(id);
  if (run.data) return <Known run={run.data} />;
  return (
    <Page title="Run" crumbs={[{ title: "Runs", to: paths.runs }]}>
      {run.isPending ? <Skeleton lines={8} /> : <Failure error={run.error} onRetry={() => void run.refetch()} />}
    </Page>
  );
}

function Known({ run }: { run: RunDetail }) {
  const url = useUrl();
  const { configure: mayConfigure } = useCan();
  const retry = useRetry();
  const isJob = run.version === 0;
  usePageActions(
    mayConfigure
      ? [
          ...(isJob ? [] : [{ title: "Replay with another input", run: () => url.set({ replay: run.id }) }]),
          ...(canRetry(run) ? [{ title: "Retry", run: () => retry.mutate(run.id) }] : []),
        ]
      : [],
  );
  return (
    <Page
      title={run.name}
      crumbs={[isJob ? { title: "Jobs", to: paths.jobs } : { title: "Runs", to: paths.runs }]}
      lead={<code className="font-mono text-xs break-all">{run.id}</code>}
      badges={
        <>
          <Status word={run.status} />
          {!isJob && <Badge>version {run.version}</Badge>}
        </>
      }
      actions={<RunActions run={run} />}
    >
      <div className="grid gap-4">
        {run.error && <RunError run={run} />}
        {isJob ? (
          <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <Panel title="Arguments">
              <div className="p-4">
                <JsonViewer label="Arguments" value={run.input} />
              </div>
            </Panel>
            <Panel title="Details">
              <RunFacts run={run} />
            </Panel>
          </div>
        ) : (
          <Tabs
            label="Run"
            tabs={[
              { key: "steps", title: "Steps", count: run.steps.length, content: <Steps run={run} /> },
              { key: "raw", title: "Raw", content: <JsonViewer label="Run" value={run} maxHeight={720} /> },
            ]}
          />
        )}
      </div>
      {url.get("replay") === run.id && (
        <Replay run={run} fromStep={url.get("step")} onClose={() => url.set({ replay: undefined })} />
      )}
    </Page>
  );
}

function Steps({ run }: { run: RunDetail }) {
  const url = useUrl();
  const chosen = run.steps.find(({ key }) => key === url.get("step"));
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="grid gap-4">
        <Panel title="Steps" note={run.steps.length > 0 && "select one to see its result"}>
          <div className="p-4">
            {run.steps.length === 0 ? (
              <NoSteps run={run} />
            ) : (
              <Waterfall
                label="Steps"
                spans={spansOf(run)}
                selected={chosen?.key ?? null}
                onSelect={(step) => url.set({ step }, { replace: true })}
              />
            )}
          </div>
        </Panel>
        <InputAndOutput run={run} />
      </div>
      <div className="grid gap-4">
        {chosen && <StepPanel step={chosen} run={run} />}
        <Panel title="Details">
          <RunFacts run={run} />
        </Panel>
      </div>
    </div>
  );
}

const KINDS: Record<string, string> = {
  run: "work",
  transaction: "work in a transaction",
  sleep: "sleep",
  wait: "wait for an event",
  invoke: "another run",
};

function StepPanel({ step, run }: { step: Step; run: RunDetail }) {
  const url = useUrl();
  const { configure: mayConfigure } = useCan();
  const child = run.children.find((one) => one.step === step.key);
  const took = step.ended_at ? Date.parse(step.ended_at) - Date.parse(step.started_at) : undefined;
  return (
    <Panel
      title={step.key}
      actions={
        mayConfigure &&
        step.ended_at && (
          <Button size="sm" onClick={() => url.set({ replay: run.id })}>
            <Repeat aria-hidden className="size-3.5" />
            Replay from here
          </Button>
        )
      }
    >
      <Facts
        of={[
          ["State", <Status key="state" word={step.status} />],
          ["Kind", KINDS[step.kind] ?? step.kind],
          ...(child ? ([["Run", <RunLink key="run" id={child.id} />]] as [string, React.ReactNode][]) : []),
          [
            "Started",
            <span key="started">
              {exactly(step.started_at)} <Time at={step.started_at} />
            </span>,
          ],
          ...(took !== undefined ? ([["Took", duration(took)]] as [string, string][]) : []),
          ...(step.due
            ? ([
                [
                  "Due",
                  <span key="due">
                    {exactly(step.due)} <Time at={step.due} />
                  </span>,
                ],
              ] as [string, React.ReactNode][])
            : []),
        ]}
      />
      <div className="grid gap-3 px-4 pb-4">
        {step.error && (
          <Reason
            title={step.status === "failed" ? "It failed" : "The last attempt failed"}
            text={step.error}
            isBad={step.status === "failed"}
          />
        )}
        {step.failures.length > 0 && (
          <section aria-label="Failed attempts" className="grid gap-2">
            <h3 className="font-medium">Failed attempts</h3>
            <ol className="divide-line border-line divide-y rounded-md border">
              {step.failures.map((one) => (
                <li key={one.number} className="px-3 py-2">
                  <p className="flex items-baseline justify-between gap-2 text-xs">
                    <span className="font-medium">Attempt {one.number}</span>
                    <span className="text-quiet tabular-nums">
                      {duration(Date.parse(one.ended_at) - Date.parse(one.started_at))} · <Time at={one.started_at} />
                    </span>
                  </p>
                  <p className="text-bad font-mono text-xs break-words whitespace-pre-wrap">{one.error}</p>
                </li>
              ))}
            </ol>
          </section>
        )}
        {step.output !== undefined && step.output !== null && (
          <JsonViewer label={`Output of ${step.key}`} value={step.output} maxHeight={360} />
        )}
        <p className="text-quiet text-xs">
          {child
            ? "The input of this step is the input of the run that it started."
            : "The input of a step is not kept: its code reads the run’s input and the results of earlier steps."}
        </p>
        {step.status === "completed" && (step.output === undefined || step.output === null) && (
          <p className="text-quiet">It has no output.</p>
        )}
      </div>
    </Panel>
  );
}

function InputAndOutput({ run }: { run: RunDetail }) {
  const hasOutput = run.output !== undefined && run.output !== null;
  return (
    <>
      <Panel title="Input">
        <div className="p-4">
          <JsonViewer label="Input" value={inputOf(run)} maxHeight={320} />
        </div>
      </Panel>
      {hasOutput && (
        <Panel title="Output">
          <div className="p-4">
            <JsonViewer label="Output" value={run.output} maxHeight={320} />
          </div>
        </Panel>
      )}
    </>
  );
}
