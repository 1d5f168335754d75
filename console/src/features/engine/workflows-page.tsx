// Workflows and kinds of jobs: how each does, paused and resumed, started by hand.

import { useMutation, useQuery } from "@tanstack/react-query";
import { CalendarClock, Play, Radio } from "lucide-react";

import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { WithPanel } from "../../components/ui/detail-panel";
import { duration } from "../../components/ui/durations";
import { Switch } from "../../components/ui/field";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { EmptyState, Page } from "../../components/ui/page";
import { Sparkline } from "../../components/ui/sparkline";
import { Time } from "../../components/ui/time";
import { done, notDone } from "../../components/ui/toast";
import { usePageActions } from "../../lib/actions";
import { api, data } from "../../lib/api";
import { wholeList } from "../../lib/list";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import { kindOf, readStatistics, readWorkflows, useRefresh, type Workflow } from "./client";
import { figuresOf, rateOf } from "./figures";
import { nextTime } from "./schedule-times";
import { SendEvent } from "./send-event";
import { StartRun } from "./start-run";
import { WorkflowPanel } from "./workflow-panel";

const SEARCH = { key: "q", label: "Search names" };
const FILTERS: Filter[] = [
  {
    key: "kind",
    title: "Kind",
    kind: "choice",
    options: [
      { value: "runs", title: "Workflows" },
      { value: "jobs", title: "Jobs" },
    ],
  },
  {
    key: "paused",
    title: "State",
    kind: "choice",
    options: [
      { value: "yes", title: "Paused" },
      { value: "no", title: "Active" },
    ],
  },
];

const COLUMNS: Column<Workflow>[] = [
  {
    key: "name",
    title: "Name",
    cell: (it) => <Name workflow={it} />,
    text: (it) => it.name,
    width: "minmax(13rem, 3fr)",
  },
  {
    key: "kind",
    title: "Kind",
    cell: (it) => (it.version > 0 ? <Badge tone="info">workflow v{it.version}</Badge> : <Badge>job</Badge>),
    text: (it) => (it.version > 0 ? `workflow ${it.version}` : "job"),
    width: "7.5rem",
  },
  {
    key: "schedule",
    title: "Next time",
    cell: (it) => <ScheduleCell workflow={it} />,
    text: (it) => it.schedules.map(({ cron, timeZone }) => `${cron} ${timeZone}`).join(", "),
    width: "6rem",
    phone: "none",
  },
  { key: "day", title: "24 hours", cell: (it) => <Day workflow={it} />, width: "7rem", phone: "none" },
  { key: "rate", title: "Success", cell: (it) => <Rate workflow={it} />, width: "5rem", align: "end", phone: "none" },
  {
    key: "waiting",
    title: "Waiting",
    cell: (it) => <Waiting workflow={it} />,
    text: (it) => String(it.waiting),
    width: "7rem",
    align: "end",
    phone: "none",
  },
  { key: "p95", title: "p95", cell: (it) => <P95 workflow={it} />, width: "4.5rem", align: "end", phone: "none" },
  { key: "active", title: "Now", cell: (it) => <Active workflow={it} />, width: "6rem", align: "end" },
  {
    key: "state",
    title: "On",
    cell: (it) => <PauseSwitch workflow={it} />,
    text: (it) => (it.pausedAt ? `paused ${it.pausedAt}` : "on"),
    width: "4rem",
    align: "end",
    phone: "first",
  },
];

export function WorkflowsPage() {
  const url = useUrl();
  const { configure: mayConfigure } = useCan();
  const workflows = useQuery({ queryKey: ["engine", "workflows"], queryFn: readWorkflows, refetchInterval: 15_000 });
  const { set, isFiltered } = useFilters(FILTERS, SEARCH.key);
  const rows = (workflows.data ?? [])
    .filter(({ name }) => name.toLowerCase().includes((set.q ?? "").toLowerCase()))
    .filter((workflow) => !set.kind || kindOf(workflow) === set.kind)
    .filter(({ pausedAt }) => !set.paused || Boolean(pausedAt) === (set.paused === "yes"));
  const send = () => url.set({ new: "event" });
  const start = () => url.set({ new: "run" });
  const close = () => url.set({ new: undefined, of: undefined });
  usePageActions(
    mayConfigure
      ? [
          { title: "Send an event", icon: <Radio />, run: send },
          { title: "Start a run", icon: <Play />, run: start },
        ]
      : [],
  );
  return (
    <Page
      title="Schedules and workflows"
      lead="Everything that the engine runs: on a schedule, when an event comes, or when it is called."
      fills
      actions={
        mayConfigure && (
          <>
            <Button onClick={send}>
              <Radio aria-hidden className="size-4" />
              Send an event
            </Button>
            <Button kind="primary" onClick={start}>
              <Play aria-hidden className="size-4" />
              Start a run
            </Button>
          </>
        )
      }
    >
      <FilterBar name="engine-workflows" filters={FILTERS} search={SEARCH} />
      <WithPanel
        panel={(name) => <WorkflowPanel name={name} workflow={workflows.data?.find((one) => one.name === name)} />}
      >
        <DataTable
          name="engine-workflows"
          label="Workflows"
          list={wholeList(rows, workflows)}
          columns={COLUMNS}
          idOf={({ name }) => name}
          isFiltered={isFiltered}
          empty={
            <EmptyState icon={<CalendarClock />} title="No workflows">
              Workflows and jobs are part of the server; it has none.
            </EmptyState>
          }
        />
      </WithPanel>
      {url.get("new") === "event" && <SendEvent onClose={close} />}
      {url.get("new") === "run" && <StartRun name={url.get("of")} onClose={close} />}
    </Page>
  );
}

/** The figures of a day: read for the rows that are in view. */
function useDay({ name, version }: Workflow) {
  const kind = kindOf({ version });
  return useQuery({
    queryKey: ["engine", "statistics", kind, name, "24h"],
    queryFn: () => readStatistics(kind, { name, window: "24h" }),
    staleTime: 15_000,
    refetchInterval: 30_000,
  }).data;
}

function Name({ workflow }: { workflow: Workflow }) {
  return (
    <span className="flex min-w-0 items-center gap-2">
      <span className="truncate font-medium">{workflow.name}</span>
      {workflow.pausedAt && (
        <Badge tone="warn">
          paused <Time at={workflow.pausedAt} className="text-warn!" />
        </Badge>
      )}
    </span>
  );
}

function ScheduleCell({ workflow }: { workflow: Workflow }) {
  const next = nextTime(workflow.schedules);
  return next ? <Time at={next} /> : <None />;
}

const None = () => <span className="text-quiet">–</span>;

function Day({ workflow }: { workflow: Workflow }) {
  const day = useDay(workflow);
  if (!day || day.completed + day.failed === 0) return <None />;
  return (
    <Sparkline
      label={`Completed runs of ${workflow.name} by the hour`}
      values={figuresOf(day.hours, "24h", Date.now()).completed}
      tone={day.failed > 0 ? "bad" : "good"}
    />
  );
}

function Rate({ workflow }: { workflow: Workflow }) {
  const day = useDay(workflow);
  if (day?.success_rate === undefined || day.success_rate === null) return <None />;
  return <span className={day.success_rate < 0.95 ? "text-bad" : undefined}>{rateOf(day.success_rate)}</span>;
}

function P95({ workflow }: { workflow: Workflow }) {
  const day = useDay(workflow);
  return day?.duration ? duration(day.duration.p95) : <None />;
}

/** The number of runs that are due and wait, and the age of the oldest. */
function Waiting({ workflow }: { workflow: Workflow }) {
  if (workflow.waiting === 0) return <span className="text-quiet">0</span>;
  return (
    <>
      {workflow.waiting.toLocaleString("en")}{" "}
      {workflow.oldestWaitingAt && <Time at={workflow.oldestWaitingAt} className="text-quiet text-xs" />}
    </>
  );
}

function Active({ workflow }: { workflow: Workflow }) {
  return (
    <>
      {workflow.active.toLocaleString("en")} <span className="text-quiet text-xs">active</span>
    </>
  );
}

export function PauseSwitch({ workflow }: { workflow: Workflow }) {
  const { configure: mayConfigure } = useCan();
  const refresh = useRefresh();
  const change = useMutation({
    mutationFn: (paused: boolean) => {
      const path = { params: { path: { name: workflow.name } } };
      return data(
        paused ? api.POST("/api/workflows/{name}/pause", path) : api.POST("/api/workflows/{name}/resume", path),
      );
    },
    onSuccess: async ({ name, paused }) => {
      done(paused ? `${name} is paused: nothing new is started` : `${name} is on again`, () => change.mutate(!paused));
      await refresh();
    },
    onError: (error) => notDone("Nothing has changed", error),
  });
  const isOn = !workflow.pausedAt;
  return (
    <Switch
      label={`${workflow.name} is on`}
      checked={isOn}
      disabled={!mayConfigure || change.isPending}
      onChange={(on) => change.mutate(!on)}
    />
  );
}
