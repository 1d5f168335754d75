// A workflow or a kind of job beside the list: its state, its statistics, its runs.

import { Play } from "lucide-react";

import { Badge, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { DetailPanel } from "../../components/ui/detail-panel";
import { Go } from "../../components/ui/go";
import { Facts } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import { kindOf, type Workflow } from "./client";
import { ScheduleTimes } from "./schedule-times";
import { StatisticsView } from "./statistics";
import { PauseSwitch } from "./workflows-page";

export function WorkflowPanel({ name, workflow }: { name: string; workflow?: Workflow }) {
  const url = useUrl();
  const { configure: mayConfigure } = useCan();
  if (!workflow)
    return (
      <DetailPanel title={name}>
        <p className="text-quiet p-4">The server has no workflow of this name.</p>
      </DetailPanel>
    );
  const kind = kindOf(workflow);
  const list = kind === "runs" ? paths.runs : paths.jobs;
  return (
    <DetailPanel
      title={name}
      badges={
        <>
          <Status word={workflow.pausedAt ? "paused" : "active"} />
          {workflow.version > 0 ? <Badge tone="info">version {workflow.version}</Badge> : <Badge>job</Badge>}
        </>
      }
      actions={
        mayConfigure &&
        kind === "runs" && (
          <Button size="sm" onClick={() => url.set({ new: "run", of: name })}>
            <Play aria-hidden className="size-3.5" />
            Start
          </Button>
        )
      }
    >
      <Facts
        of={[
          ["On", <PauseSwitch key="on" workflow={workflow} />],
          ...(workflow.pausedAt
            ? ([["Paused since", <Time key="paused" at={workflow.pausedAt} />]] as [string, React.ReactNode][])
            : []),
          ["Not ended", workflow.active.toLocaleString("en")],
          [
            "Waiting to start",
            <span key="waiting">
              {workflow.waiting.toLocaleString("en")}
              {workflow.oldestWaitingAt && (
                <>
                  , the oldest since <Time at={workflow.oldestWaitingAt} />
                </>
              )}
            </span>,
          ],
          ...workflow.schedules.map((schedule): [string, React.ReactNode] => [
            "Schedule",
            <ScheduleTimes key={schedule.cron} schedule={schedule} />,
          ]),
          [
            kind === "runs" ? "Runs" : "Jobs",
            <span key="runs" className="flex flex-wrap gap-x-4">
              <Go to={list} search={{ name }} className="text-bronze hover:underline">
                All
              </Go>
              <Go to={list} search={{ name, status: "failed" }} className="text-bronze hover:underline">
                Failed
              </Go>
              <Go to={list} search={{ name, status: "waiting" }} className="text-bronze hover:underline">
                Waiting
              </Go>
            </span>,
          ],
        ]}
      />
      <p className="text-quiet px-4 pb-4 text-xs">
        While it is paused nothing new is started; runs under way go on until they wait for something.
      </p>
      <div className="border-line border-t p-4">
        <StatisticsView kind={kind} only={name} />
      </div>
    </DetailPanel>
  );
}
