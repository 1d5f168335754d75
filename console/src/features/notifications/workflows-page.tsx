// The workflows that notifications go through: all of them, and one with its steps.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";

import { Button, Chip, Empty, Panel, Skeleton, Status, Time } from "../../components/ui";
import { type Entries, type Items, type Run, type Step, type Workflow, CHANNEL_NAMES, knock } from "../../lib/knock";
import { words } from "../../lib/format";
import { FIELDS } from "./editor/document";
import { Frame, Trouble } from "./frame";
import { RunList } from "./runs-page";

const LEAD = "What is said, to whom, and in which order. Workflows are documents: what they say is changed here, all of them by campanile workflows push, and kept with your code.";

export function WorkflowsPage() {
  const workflows = useQuery({ queryKey: ["workflows"], queryFn: () => knock<Entries<Workflow>>("/workflows") });
  return (
    <Frame title="Workflows" lead={LEAD}>
      <Trouble error={workflows.error} />
      {workflows.isPending && <Skeleton />}
      {workflows.data && <Panel title="All workflows"><List all={workflows.data.entries} /></Panel>}
    </Frame>
  );
}

function List({ all }: { all: Workflow[] }) {
  if (all.length === 0) return <Empty>There are no workflows yet.</Empty>;
  return (
    <ul className="divide-line divide-y">
      {all.map((workflow) => (
        <li key={workflow.key}>
          <Link to="/notifications/workflows/$key" params={{ key: workflow.key }} className="hover:bg-ground flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3">
            <span className="min-w-0 flex-1">
              <span className="block font-medium">{workflow.name || workflow.key}</span>
              <span className="text-quiet block text-xs break-words">{workflow.description ?? workflow.key}</span>
            </span>
            {[...channelTypes(workflow.steps)].map((type) => <Chip key={type}>{CHANNEL_NAMES[type] ?? type}</Chip>)}
            <Status word={workflow.active ? "on" : "off"} />
            <Time at={workflow.updated_at} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

function channelTypes(steps: Step[]): Set<string> {
  const inner = steps.flatMap((step) => [...(step.branches ?? []), ...(step.cohort_branches ?? [])]);
  return new Set([
    ...steps.flatMap((step) => (step.channel_type ? [step.channel_type] : [])),
    ...inner.flatMap((way) => [...channelTypes(way.steps ?? [])]),
  ]);
}

export function WorkflowPage() {
  const { key } = useParams({ from: "/shell/notifications/workflows/$key" });
  const queries = useQueryClient();
  const workflow = useQuery({ queryKey: ["workflows", key], queryFn: () => knock<Workflow>(`/workflows/${key}`) });
  const runs = useQuery({
    queryKey: ["notification", "runs", key],
    queryFn: () => knock<Items<Run>>(`/workflow_recipient_runs?workflow=${encodeURIComponent(key)}&page_size=20`),
  });
  const turn = useMutation({
    mutationFn: (status: boolean) => knock(`/workflows/${key}/activate`, "PUT", { status }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["workflows"] }),
  });
  if (workflow.isPending) return <Skeleton />;
  if (workflow.isError) return <Trouble error={workflow.error} />;
  const it = workflow.data;
  return (
    <article className="grid gap-4">
      <Link to="/notifications/workflows" className="text-quiet hover:text-ink inline-flex w-fit items-center gap-1">
        <ArrowLeft className="size-4" /> All workflows
      </Link>
      <header className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1">
          <h1 className="text-lg font-semibold break-words">{it.name || it.key}</h1>
          <p className="text-quiet mt-1 max-w-prose">{it.description}</p>
          <p className="mt-2 flex flex-wrap gap-1.5">
            <Chip>{it.key}</Chip>
            {it.categories.map((category) => <Chip key={category}>{category}</Chip>)}
          </p>
        </div>
        <Button onClick={() => turn.mutate(!it.active)} disabled={turn.isPending}>{it.active ? "Switch off" : "Switch on"}</Button>
      </header>
      <Trouble error={turn.error} />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Panel title="Steps" note={it.active ? "on" : "off: nothing is sent"}>
          <div className="overflow-x-auto p-4"><Steps workflow={it.key} steps={it.steps} /></div>
        </Panel>
        <Panel title="Runs" note="what it did for each recipient, newest first">
          {runs.isPending && <Skeleton />}
          {runs.isError && <div className="p-4"><Trouble error={runs.error} /></div>}
          {runs.data && <RunList runs={runs.data.items} />}
        </Panel>
      </div>
    </article>
  );
}

/** Steps below each other; ways of a branch beside each other. */
function Steps({ workflow, steps }: { workflow: string; steps: Step[] }) {
  return (
    <ol className="grid justify-items-stretch">
      {steps.map((step, index) => (
        <li key={step.ref} className="grid">
          {index > 0 && <span aria-hidden className="bg-line mx-auto h-4 w-px" />}
          <StepBox workflow={workflow} step={step} />
        </li>
      ))}
    </ol>
  );
}

function StepBox({ workflow, step }: { workflow: string; step: Step }) {
  const ways = [
    ...(step.branches ?? []).map((way) => ({ name: way.name || "otherwise", steps: way.steps ?? [] })),
    ...(step.cohort_branches ?? []).map((way) => ({ name: `${way.percentage ?? 0} %`, steps: way.steps ?? [] })),
  ];
  return (
    <div className="border-line rounded-md border">
      <div className="flex flex-wrap items-center gap-2 px-3 py-2">
        <span className="font-medium">{step.name ?? step.ref}</span>
        <Chip>{step.channel_type ? (CHANNEL_NAMES[step.channel_type] ?? step.channel_type) : words(step.type)}</Chip>
        {step.channel_type && FIELDS[step.channel_type] && (
          <Link
            to="/notifications/workflows/$key/steps/$step"
            params={{ key: workflow, step: step.ref }}
            className="text-bronze order-last ml-auto hover:underline"
            aria-label={`Edit ${step.name ?? step.ref}`}
          >
            Edit
          </Link>
        )}
        {step.conditions !== undefined && step.conditions !== null && <Chip>on conditions</Chip>}
      </div>
      <Details step={step} />
      {ways.length > 0 && (
        <div className="border-line grid gap-3 border-t p-3" style={{ gridTemplateColumns: `repeat(${ways.length}, minmax(10rem, 1fr))` }}>
          {ways.map((way) => (
            <div key={way.name} className="min-w-0">
              <p className="text-quiet mb-2 text-xs font-medium">{way.name}</p>
              {way.steps.length ? <Steps workflow={workflow} steps={way.steps} /> : <p className="text-quiet text-xs">goes on</p>}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

/** What the step says, or how it is set. */
function Details({ step }: { step: Step }) {
  const told = Object.entries(step.template ?? step.settings ?? {}).filter(([, value]) => value !== null && value !== "");
  if (told.length === 0) return null;
  return (
    <details className="border-line border-t px-3 py-2">
      <summary className="text-quiet cursor-pointer text-xs">{step.template ? "What it says" : "How it is set"}</summary>
      <dl className="mt-2 grid gap-2">
        {told.map(([name, value]) => (
          <div key={name}>
            <dt className="text-quiet text-xs">{words(name)}</dt>
            <dd>
              <pre tabIndex={0} className="bg-ground overflow-x-auto rounded p-2 font-mono text-xs">{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</pre>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
