// The server: its version, its health and its work, as far as it tells.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Pause, Play } from "lucide-react";
import type { ReactNode } from "react";

import { Badge, Code, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { Confirm } from "../../components/ui/dialog";
import { duration } from "../../components/ui/durations";
import { Go } from "../../components/ui/go";
import { Empty, Facts, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { done } from "../../components/ui/toast";
import { ApiError, api, data } from "../../lib/api";
import { asObject, asText } from "../../lib/json";
import { type Metrics, useMetrics } from "../../lib/metrics";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { bytes, figuresOf } from "./figures";
import { ServerPanels } from "./server-panels";

export function SystemPage() {
  return (
    <Page title="System" lead="The server behind this console: its version, its health, and what it does now.">
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
        <Health />
        <Process />
        <Queues />
        <Work />
        <ServerPanels />
        <div className="lg:col-span-2">
          <Workflows />
        </div>
      </div>
    </Page>
  );
}

/** Live and ready answer 503 with the same body where something is wrong. */
function useHealth() {
  return useQuery({
    queryKey: ["health"],
    refetchInterval: 10_000,
    queryFn: async () => {
      const read = async (name: string) => {
        const answer = await fetch(`/api/_health/${name}`).catch((error: Error) =>
          Promise.reject(new ApiError(0, error.message)),
        );
        return asObject(await answer.json());
      };
      const [live, ready] = await Promise.all([read("live"), read("ready")]);
      return {
        version: asText(live.version),
        live: asText(live.status),
        ready: asText(ready.status),
        checks: Object.entries(asObject(ready.checks)),
      };
    },
  });
}

function Health() {
  const health = useHealth();
  if (health.isPending)
    return (
      <Panel title="Health">
        <Skeleton />
      </Panel>
    );
  if (health.isError)
    return (
      <Panel title="Health">
        <Failure error={health.error} onRetry={() => void health.refetch()} />
      </Panel>
    );
  const { version, live, ready, checks } = health.data;
  const facts: [string, ReactNode][] = [
    ["Version", <Code key="version">{version ?? "not told"}</Code>],
    ["Alive", <Status key="live" word={live === "live" ? "healthy" : (live ?? "failed")} />],
    ["Ready", <Status key="ready" word={ready === "ready" ? "healthy" : (ready ?? "failed")} />],
    ...checks.map(([name, state]): [string, ReactNode] => [
      CHECKS[name] ?? name,
      <Status key={name} word={state === "ok" ? "healthy" : String(state)} />,
    ]),
  ];
  return (
    <Panel title="Health">
      <Facts of={facts} />
    </Panel>
  );
}

const CHECKS: Record<string, string> = {
  database: "Database answers",
  migrations: "Schema is this version's",
  writes: "Changes are stored",
};

function WithMetrics({
  title,
  note,
  children,
}: {
  title: string;
  note?: string;
  children: (metrics: Metrics) => ReactNode;
}) {
  const metrics = useMetrics(10_000);
  return (
    <Panel title={title} note={note}>
      {metrics.isPending && <Skeleton />}
      {metrics.isError && <Failure error={metrics.error} onRetry={() => void metrics.refetch()} />}
      {metrics.data === null && <Empty>This server does not serve metrics.</Empty>}
      {metrics.data && children(metrics.data)}
    </Panel>
  );
}

function Process() {
  return (
    <WithMetrics title="Process" note="of the node that answers">
      {(metrics) => {
        const { startedAt, memory, cpuSeconds, openFiles, maxFiles, databaseBytes, connections } = figuresOf(metrics);
        return (
          <Facts
            of={[
              ["Started", startedAt ? <Time key="at" at={startedAt} className="text-sm!" /> : "not told"],
              ["Memory", memory === undefined ? "not told" : bytes(memory)],
              ["Processor time", cpuSeconds === undefined ? "not told" : duration(cpuSeconds * 1000)],
              ["Open files", openFiles === undefined ? "not told" : `${openFiles}${maxFiles ? ` of ${maxFiles}` : ""}`],
              ["Connections", connections ?? "not told"],
              ["Database", databaseBytes === undefined ? "not told" : bytes(databaseBytes)],
            ]}
          />
        );
      }}
    </WithMetrics>
  );
}

function Queues() {
  return (
    <WithMetrics title="Queues" note="what is due and waits">
      {(metrics) => {
        const { queues } = figuresOf(metrics);
        if (queues.length === 0) return <Empty>Nothing waits.</Empty>;
        return (
          <ul className="divide-line divide-y">
            {queues.map(({ name, depth, oldest }) => (
              <li key={name}>
                <Go
                  to={paths.jobs}
                  search={{ name }}
                  className="focus-inside hover:bg-sunken flex items-center gap-3 px-4 py-2"
                >
                  <span className="min-w-0 flex-1 truncate font-mono text-xs">{name}</span>
                  <span className="tabular-nums">{depth} due</span>
                  <span className="text-quiet w-28 text-right text-xs tabular-nums">
                    oldest {duration(oldest * 1000)}
                  </span>
                </Go>
              </li>
            ))}
          </ul>
        );
      }}
    </WithMetrics>
  );
}

function Work() {
  return (
    <WithMetrics title="Since the start" note="of this node">
      {(metrics) => {
        const {
          deliveries,
          refused,
          observations,
          delivered,
          failedAttempts,
          messages,
          requests,
          requestMs,
          webhookMs,
        } = figuresOf(metrics);
        return (
          <Facts
            of={[
              ["Deliveries", `${deliveries} accepted, ${refused} refused`],
              ["Observations", observations],
              [
                "Webhook attempts",
                `${delivered} arrived, ${failedAttempts} did not${webhookMs === undefined ? "" : `, ${duration(webhookMs)} on average`}`,
              ],
              ["Messages", messages],
              ["Requests", requestMs === undefined ? requests : `${requests}, ${duration(requestMs)} on average`],
            ]}
          />
        );
      }}
    </WithMetrics>
  );
}

function Workflows() {
  const queries = useQueryClient();
  const can = useCan();
  const workflows = useQuery({
    queryKey: ["engine-workflow"],
    queryFn: async () => (await data(api.GET("/api/workflows"))).data,
  });
  const reread = () => queries.invalidateQueries({ queryKey: ["engine-workflow"] });
  const pause = (name: string) => async () => {
    await data(api.POST("/api/workflows/{name}/pause", { params: { path: { name } } }));
    await reread();
    done(`${name} is paused`);
  };
  const resume = useMutation({
    mutationFn: (name: string) => data(api.POST("/api/workflows/{name}/resume", { params: { path: { name } } })),
    onSuccess: (_, name) => {
      void reread();
      done(`${name} goes on`);
    },
  });
  return (
    <Panel title="Workflows and kinds of jobs" note="of the engine">
      {workflows.isPending && <Skeleton lines={6} />}
      {workflows.isError && <Failure error={workflows.error} onRetry={() => void workflows.refetch()} />}
      <Failure error={resume.error} />
      <ul className="divide-line divide-y">
        {workflows.data?.map(({ name, version, pausedAt }) => (
          <li key={name} className="flex min-h-11 items-center gap-3 px-4 py-1.5">
            <Go
              to={version > 0 ? paths.runs : paths.jobs}
              search={{ name }}
              className="min-w-0 flex-1 truncate font-mono text-xs hover:underline"
            >
              {name}
            </Go>
            {pausedAt && (
              <Badge tone="warn">
                paused <Time at={pausedAt} className="text-warn!" />
              </Badge>
            )}
            <span className="text-quiet w-16 text-xs">{version > 0 ? `version ${version}` : "job"}</span>
            {can.configure && pausedAt && (
              <Button
                size="sm"
                busy={resume.isPending && resume.variables === name}
                aria-label={`Resume ${name}`}
                onClick={() => resume.mutate(name)}
              >
                <Play aria-hidden className="size-3.5" />
                Resume
              </Button>
            )}
            {can.configure && !pausedAt && (
              <Confirm
                trigger={
                  <Button size="sm" kind="ghost" aria-label={`Pause ${name}`}>
                    <Pause aria-hidden className="size-3.5" />
                    Pause
                  </Button>
                }
                title={`Pause ${name}?`}
                action="Pause"
                onConfirm={pause(name)}
              >
                <p>
                  For this organisation, nothing of it is started until it is resumed. What is due waits and is not
                  lost.
                </p>
              </Confirm>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
