// One recipient run: for whom, from which trigger, what it came to, and its story.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Badge, Status } from "../../../components/ui/badge";
import { CopyButton } from "../../../components/ui/copy-button";
import { Go } from "../../../components/ui/go";
import { Facts, Failure, Skeleton } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { api, data } from "../../../lib/api";
import { outcomeOf } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { useWorkflowNames } from "../../../lib/workflow-names";
import { pathOf, RecipientLink, TenantLink } from "../parts/recipient";
import { RunStory } from "./run-story";
import { reasonsNotTold } from "./story";

const isOver = (status: string | undefined) => status === "completed" || status === "cancelled";

export const useRun = (id: string) =>
  useQuery({
    queryKey: ["notification", "run", id],
    queryFn: () => data(api.GET("/v1/workflow_recipient_runs/{id}", { params: { path: { id } } })),
    // A run that waits goes on by itself, and no news tells of every step.
    refetchInterval: ({ state }) => (state.data && !isOver(state.data.status) ? 2_000 : false),
  });

/** The heading of a run's panel or page. */
export function useRunHead(id: string): { title: string; badges: ReactNode } {
  const { data: run } = useRun(id);
  const names = useWorkflowNames();
  if (!run) return { title: "Recipient run", badges: undefined };
  return {
    title: names[run.workflow] ?? run.workflow,
    badges: (
      <>
        <Status word={outcomeOf(run)} />
        {run.error_count > 0 && (
          <Badge tone="bad">
            {run.error_count} {run.error_count === 1 ? "error" : "errors"}
          </Badge>
        )}
      </>
    ),
  };
}

export function RunDetail({ id }: { id: string }) {
  const names = useWorkflowNames();
  const run = useRun(id);
  if (run.isPending) return <Skeleton lines={8} />;
  if (run.isError) return <Failure error={run.error} onRetry={() => void run.refetch()} />;
  const it = run.data;
  const reasons = isOver(it.status) ? reasonsNotTold(it.events) : [];
  return (
    <div className="grid min-w-0 grid-cols-[minmax(0,1fr)]">
      {reasons.length > 0 && (
        <div role="note" className="border-warn/40 bg-warn-tint mx-4 mt-4 rounded-md border px-3 py-2">
          <p className="font-medium">Nobody was told by this run</p>
          <ul className="mt-1 list-disc pl-5">
            {reasons.map((reason) => (
              <li key={reason} className="wrap-anywhere">
                {reason}
              </li>
            ))}
          </ul>
        </div>
      )}
      <Facts
        of={[
          ["Recipient", <RecipientLink key="r" reference={it.recipient} />],
          [
            "Workflow",
            <Go key="w" to={paths.workflow(it.workflow)} className="text-bronze hover:underline">
              {names[it.workflow] ?? it.workflow}
            </Go>,
          ],
          ...(it.actor ? [["Actor", <RecipientLink key="a" reference={it.actor} />] as [string, ReactNode]] : []),
          ...(it.tenant ? [["Tenant", <TenantLink key="t" id={it.tenant} />] as [string, ReactNode]] : []),
          ["Triggered by", it.trigger_source.type.replaceAll("_", " ")],
          ["Began", <Time key="b" at={it.inserted_at} className="text-sm" />],
          ["Changed", <Time key="c" at={it.updated_at} className="text-sm" />],
          [
            "Messages",
            <Go key="m" to={paths.messages} search={{ run: it.id }} className="text-bronze hover:underline">
              Messages of this run
            </Go>,
          ],
          [
            "Id",
            <span key="i" className="flex items-center gap-1">
              <code className="truncate font-mono text-xs">{it.id}</code>
              <CopyButton iconOnly text={it.id} label="Copy the id" />
            </span>,
          ],
        ]}
      />
      <h3 className="border-line border-y px-4 py-2 font-semibold">Step by step</h3>
      <RunStory events={it.events} workflow={it.workflow} recipient={pathOf(it.recipient)} />
    </div>
  );
}
