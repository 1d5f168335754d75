// Runs of workflows, and jobs: two lists of the same shape, with their statistics.

import { useQuery } from "@tanstack/react-query";
import { Ban, Boxes, BriefcaseBusiness, Play, RotateCcw } from "lucide-react";

import { Badge, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { WithPanel } from "../../components/ui/detail-panel";
import { duration } from "../../components/ui/durations";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { EmptyState, Page } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { Tabs } from "../../components/ui/tabs";
import { Time } from "../../components/ui/time";
import { usePageActions } from "../../lib/actions";
import { useList } from "../../lib/list";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import { BulkProgress, useBulk } from "./bulk";
import { CancelMany, CancelProgress } from "./cancel-many";
import {
  cancelRun,
  canRetry,
  isActive,
  type Kind,
  kindOf,
  type Run,
  readRuns,
  readWorkflows,
  retryRun,
  STATUSES,
  useRefresh,
} from "./client";
import { RunPanel } from "./run-panel";
import { StartRun } from "./start-run";
import { StatisticsView } from "./statistics";

const took = ({ started_at, ended_at }: Run) =>
  started_at && ended_at ? Date.parse(ended_at) - Date.parse(started_at) : undefined;

const COLUMNS: Column<Run>[] = [
  {
    key: "name",
    title: "Name",
    cell: (it) => <span className="font-medium">{it.name}</span>,
    text: (it) => it.name,
    width: "minmax(12rem, 3fr)",
  },
  {
    key: "status",
    title: "State",
    cell: (it) => <Status word={it.status} />,
    text: (it) => it.status,
    width: "7.5rem",
    phone: "first",
  },
  {
    key: "error",
    title: "Error",
    cell: (it) => it.error && <span className={it.status === "failed" ? "text-bad" : "text-quiet"}>{it.error}</span>,
    text: (it) => it.error,
    width: "minmax(8rem, 3fr)",
  },
  {
    key: "cause",
    title: "Cause",
    cell: (it) => <Badge>{it.cause}</Badge>,
    text: (it) => it.cause,
    width: "5.5rem",
    phone: "none",
  },
  {
    key: "failures",
    title: "Failures",
    cell: (it) => it.failures || <span className="text-quiet">0</span>,
    text: (it) => it.failures,
    width: "5rem",
    align: "end",
    phone: "none",
  },
  { key: "took", title: "Took", cell: (it) => <Took run={it} />, text: took, width: "6rem", align: "end" },
  {
    key: "queued",
    title: "Queued",
    cell: (it) => <Time at={it.queued_at} />,
    text: (it) => it.queued_at,
    width: "7rem",
    align: "end",
  },
  {
    key: "id",
    title: "Id",
    cell: (it) => <code className="font-mono text-xs">{it.id}</code>,
    text: (it) => it.id,
    width: "minmax(10rem, 2fr)",
    optional: true,
  },
];

function Took({ run }: { run: Run }) {
  const ms = took(run);
  if (ms !== undefined) return duration(ms);
  return run.due && Date.parse(run.due) > Date.now() ? (
    <span className="text-quiet">
      due <Time at={run.due} />
    </span>
  ) : (
    <span className="text-quiet">–</span>
  );
}

const WORDS: Record<Kind, { title: string; lead: string; one: string }> = {
  runs: { title: "Runs", lead: "Runs of workflows, step by step, newest first.", one: "run" },
  jobs: {
    title: "Jobs",
    lead: "Pieces of work that wait, run, or have failed. A job that succeeds is removed from the list, and counted.",
    one: "job",
  },
};

export const RunsPage = () => <EnginePage kind="runs" />;
export const JobsPage = () => <EnginePage kind="jobs" />;

function EnginePage({ kind }: { kind: Kind }) {
  const url = useUrl();
  const { configure: mayConfigure } = useCan();
  const { title, lead, one } = WORDS[kind];
  const start = () => url.set({ new: "run" });
  const cancelMany = () => url.set({ new: "cancellation" });
  const close = () => url.set({ new: undefined });
  usePageActions(
    mayConfigure
      ? [
          ...(kind === "runs" ? [{ title: "Start a run", icon: <Play />, run: start }] : []),
          { title: `Cancel many ${title.toLowerCase()}`, icon: <Ban />, run: cancelMany },
        ]
      : [],
  );
  const cancellation = url.get("cancellation");
  return (
    <Page
      title={title}
      lead={lead}
      fills
      actions={
        mayConfigure && (
          <>
            <Button onClick={cancelMany}>
              <Ban aria-hidden className="size-4" />
              Cancel many
            </Button>
            {kind === "runs" && (
              <Button kind="primary" onClick={start}>
                <Play aria-hidden className="size-4" />
                Start a run
              </Button>
            )}
          </>
        )
      }
    >
      {cancellation && <CancelProgress id={cancellation} onClose={() => url.set({ cancellation: undefined })} />}
      <Tabs
        label={title}
        fills
        tabs={[
          { key: "list", title, content: <RunList kind={kind} one={one} /> },
          {
            key: "statistics",
            title: "Statistics",
            content: (
              <div className="min-h-0 flex-1 overflow-y-auto px-4 pb-16 sm:px-6">
                <StatisticsView kind={kind} />
              </div>
            ),
          },
        ]}
      />
      {url.get("new") === "run" && kind === "runs" && <StartRun onClose={close} />}
      {url.get("new") === "cancellation" && (
        <CancelMany kind={kind} onClose={close} onBegun={(id) => url.set({ new: undefined, cancellation: id })} />
      )}
    </Page>
  );
}

function RunList({ kind, one }: { kind: Kind; one: string }) {
  const { configure: mayConfigure } = useCan();
  const workflows = useQuery({ queryKey: ["engine", "workflows"], queryFn: readWorkflows, staleTime: 60_000 });
  const names = (workflows.data ?? []).filter((workflow) => kindOf(workflow) === kind);
  const filters: Filter[] = [
    { key: "status", title: "State", kind: "choice", options: STATUSES },
    { key: "name", title: "Name", kind: "choice", options: names.map(({ name }) => ({ value: name, title: name })) },
    { key: "after", title: "After", kind: "time" },
    { key: "before", title: "Before", kind: "time" },
  ];
  const { set, isFiltered } = useFilters(filters);
  const list = useList<Run>({
    key: ["engine", kind, JSON.stringify(set)],
    page: (cursor) => readRuns(kind, { ...set, cursor, limit: 50 }),
    idOf: ({ id }) => id,
    every: 3_000,
  });
  const bulk = useBulk(useRefresh());
  const actions = (rows: Run[], clear: () => void) => {
    const begin = (what: string, of: Run[], act: (id: string) => Promise<unknown>) => {
      clear();
      void bulk.run(
        what,
        of.map(({ id }) => id),
        act,
      );
    };
    const [retryable, active] = [rows.filter(canRetry), rows.filter(isActive)];
    return (
      <>
        <Button size="sm" disabled={retryable.length === 0} onClick={() => begin("Retried", retryable, retryRun)}>
          <RotateCcw aria-hidden className="size-3.5" />
          Retry {retryable.length}
        </Button>
        <Button
          size="sm"
          kind="danger"
          disabled={active.length === 0}
          onClick={() => begin("Cancelled", active, cancelRun)}
        >
          <Ban aria-hidden className="size-3.5" />
          Cancel {active.length}
        </Button>
      </>
    );
  };
  return (
    <>
      <FilterBar name={kind} filters={filters} />
      {bulk.state && <BulkProgress state={bulk.state} onStop={bulk.stop} onClose={bulk.clear} />}
      <WithPanel panel={(id) => <RunPanel id={id} kind={kind} />}>
        <DataTable
          name={kind}
          label={WORDS[kind].title}
          list={list}
          columns={COLUMNS}
          idOf={({ id }) => id}
          titleOf={({ name, id }) => `${one} ${name} ${id}`}
          isFiltered={isFiltered}
          actions={mayConfigure ? actions : undefined}
          empty={
            kind === "runs" ? (
              <NoRuns />
            ) : (
              <EmptyState icon={<BriefcaseBusiness />} title="No jobs now">
                What waits, runs or has failed is seen here. Jobs that succeed are counted in the statistics.
              </EmptyState>
            )
          }
        />
      </WithPanel>
    </>
  );
}

function NoRuns() {
  const url = `${location.origin}/api/workflows/campanile.drill/runs`;
  const body = `{"steps": 3}`;
  return (
    <EmptyState icon={<Boxes />} title="No runs yet">
      <p>
        A run begins when an event, a schedule or a call starts a workflow. The drill does nothing but try the engine:
      </p>
      <Snippet
        label="Start a drill"
        tabs={[
          {
            name: "curl",
            code: `curl ${url} -H "Authorization: Bearer $CAMPANILE_KEY" \\\n  -H "Content-Type: application/json" -d '${body}'`,
          },
          {
            name: "JavaScript",
            code: `await fetch("${url}", {\n  method: "POST",\n  headers: { authorization: \`Bearer \${process.env.CAMPANILE_KEY}\`, "content-type": "application/json" },\n  body: JSON.stringify(${body}),\n});`,
          },
        ]}
      />
    </EmptyState>
  );
}
