// Runs and jobs that failed for good, by name and reason; retried in bulk when the cause is mended.

import { useQuery } from "@tanstack/react-query";
import { CircleCheck, RotateCcw } from "lucide-react";

import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { DetailPanel, WithPanel } from "../../components/ui/detail-panel";
import { Confirm } from "../../components/ui/dialog";
import { Go } from "../../components/ui/go";
import { EmptyState, Page } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { Time } from "../../components/ui/time";
import { wholeList } from "../../lib/list";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import { BulkProgress, useBulk } from "./bulk";
import { type Kind, type Run, readRuns, retryRun, useRefresh } from "./client";
import { type DeadGroup, grouped } from "./dead-letters";

/** So many of the newest are read and grouped. */
const MOST = 2_000;
const PAGE = 100;

async function readDead(kind: Kind): Promise<{ runs: Run[]; hasMore: boolean }> {
  const runs: Run[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await readRuns(kind, { status: "failed", limit: PAGE, cursor });
    runs.push(...items);
    cursor = next ?? undefined;
  } while (cursor && runs.length < MOST);
  return { runs, hasMore: cursor !== undefined };
}

const COLUMNS: Column<DeadGroup>[] = [
  {
    key: "name",
    title: "Name",
    cell: (it) => <span className="font-medium">{it.name}</span>,
    text: (it) => it.name,
    width: "minmax(10rem, 2fr)",
  },
  {
    key: "error",
    title: "Error",
    cell: (it) => <span className="text-bad">{it.error}</span>,
    text: (it) => it.error,
    width: "minmax(12rem, 3fr)",
  },
  {
    key: "count",
    title: "How many",
    cell: (it) => <Badge tone="bad">{it.runs.length}</Badge>,
    text: (it) => it.runs.length,
    width: "6rem",
    align: "end",
    phone: "first",
  },
  {
    key: "oldest",
    title: "Oldest",
    cell: (it) => <Time at={it.oldest} />,
    text: (it) => it.oldest,
    width: "7rem",
    align: "end",
    phone: "none",
  },
  {
    key: "newest",
    title: "Newest",
    cell: (it) => <Time at={it.newest} />,
    text: (it) => it.newest,
    width: "7rem",
    align: "end",
  },
];

export function DeadLettersPage() {
  const url = useUrl();
  const kind: Kind = url.get("of") === "runs" ? "runs" : "jobs";
  const { configure: mayConfigure } = useCan();
  const dead = useQuery({ queryKey: ["engine", "dead", kind], queryFn: () => readDead(kind), refetchInterval: 15_000 });
  const groups = grouped(dead.data?.runs ?? []);
  const bulk = useBulk(useRefresh());
  const retry = (of: DeadGroup[]) =>
    void bulk.run(
      "Retried",
      of.flatMap(({ runs }) => runs.map(({ id }) => id)),
      retryRun,
    );
  const all = dead.data?.runs.length ?? 0;
  return (
    <Page
      title="Dead letters"
      lead="What failed after all its attempts. It is kept until it is retried."
      fills
      actions={
        mayConfigure &&
        all > 0 && (
          <Confirm
            trigger={
              <Button kind="primary" busy={bulk.state?.isRunning}>
                <RotateCcw aria-hidden className="size-4" />
                Retry all {all.toLocaleString("en")}
              </Button>
            }
            title={`Retry all ${all.toLocaleString("en")}?`}
            action="Retry all"
            onConfirm={async () => retry(groups)}
          >
            <p>Each begins with all its attempts again. While the cause is not mended, they fail again.</p>
          </Confirm>
        )
      }
    >
      <div className="flex flex-wrap items-center gap-3 px-4 pb-3 sm:px-6">
        <Segments
          label="Of"
          value={kind}
          options={[
            ["jobs", "Jobs"],
            ["runs", "Runs of workflows"],
          ]}
          onChange={(value) => url.set({ of: value === "jobs" ? undefined : value, open: undefined })}
        />
        {dead.data?.hasMore && (
          <span className="text-quiet text-xs">The newest {all.toLocaleString("en")} are grouped; there are more.</span>
        )}
      </div>
      {bulk.state && <BulkProgress state={bulk.state} onStop={bulk.stop} onClose={bulk.clear} />}
      <WithPanel
        panel={(key) => (
          <GroupPanel
            group={groups.find((group) => group.key === key)}
            onRetry={mayConfigure ? retry : undefined}
            isBusy={bulk.state?.isRunning ?? false}
          />
        )}
      >
        <DataTable
          name="dead-letters"
          label="Dead letters"
          list={wholeList(groups, dead)}
          columns={COLUMNS}
          idOf={({ key }) => key}
          titleOf={({ name, error }) => `${name}: ${error}`}
          actions={
            mayConfigure
              ? (rows, clear) => (
                  <Button
                    size="sm"
                    busy={bulk.state?.isRunning}
                    onClick={() => {
                      clear();
                      retry(rows);
                    }}
                  >
                    <RotateCcw aria-hidden className="size-3.5" />
                    Retry {rows.reduce((sum, { runs }) => sum + runs.length, 0)}
                  </Button>
                )
              : undefined
          }
          empty={
            <EmptyState icon={<CircleCheck />} title="No dead letters">
              {kind === "jobs" ? "No job has failed for good." : "No run of a workflow has failed for good."}
            </EmptyState>
          }
        />
      </WithPanel>
    </Page>
  );
}

type GroupPanelProps = { group?: DeadGroup; onRetry?: (groups: DeadGroup[]) => void; isBusy: boolean };
const SHOWN = 100;

function GroupPanel({ group, onRetry, isBusy }: GroupPanelProps) {
  if (!group)
    return (
      <DetailPanel title="Dead letters">
        <p className="text-quiet p-4">There are no more of these.</p>
      </DetailPanel>
    );
  return (
    <DetailPanel
      title={group.name}
      badges={<Badge tone="bad">{group.runs.length} failed</Badge>}
      actions={
        onRetry && (
          <Button size="sm" busy={isBusy} onClick={() => onRetry([group])}>
            <RotateCcw aria-hidden className="size-3.5" />
            Retry these
          </Button>
        )
      }
    >
      <p className="text-bad border-line border-b p-4 font-mono text-xs break-words whitespace-pre-wrap">
        {group.error}
      </p>
      <ul className="divide-line divide-y">
        {group.runs.slice(0, SHOWN).map((run) => (
          <li key={run.id} className="grid gap-0.5 px-4 py-2">
            <span className="flex items-baseline justify-between gap-2">
              <Go to={paths.run(run.id)} className="text-bronze min-w-0 truncate font-mono text-xs hover:underline">
                {run.id}
              </Go>
              <Time at={run.ended_at ?? run.queued_at} />
            </span>
            <span className="text-quiet truncate text-xs">{run.error}</span>
          </li>
        ))}
      </ul>
      {group.runs.length > SHOWN && <p className="text-quiet p-4">The newest {SHOWN} are shown.</p>}
    </DetailPanel>
  );
}
