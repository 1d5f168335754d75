// Recipient runs as a table: of all workflows, of one, or of one recipient.

import { Badge, Status } from "../../../components/ui/badge";
import { type Column, DataTable } from "../../../components/ui/data-table";
import { useGo } from "../../../components/ui/go";
import { Time } from "../../../components/ui/time";
import { api, data } from "../../../lib/api";
import { outcomeOf, type Run } from "../../../lib/knock";
import { useList } from "../../../lib/list";
import { paths } from "../../../lib/paths";
import { useWorkflowNames } from "../../../lib/workflow-names";
import { RecipientName, TENANTS, wordOf } from "../parts/recipient";

export type RunFilter = {
  workflow?: string;
  status?: string;
  tenant?: string;
  recipient?: string;
  has_errors?: string;
  after?: string;
  before?: string;
};

/** An object among recipients is written as JSON in the query. */
export function recipientQuery(word: string | undefined): string | undefined {
  if (!word?.includes("/")) return word || undefined;
  const [collection, id] = word.split(/\/(.*)/s);
  return JSON.stringify({ collection, id });
}

export function useRuns(filter: RunFilter) {
  const { after, before, has_errors, recipient, ...rest } = filter;
  return useList<Run>({
    key: ["notification", "runs", JSON.stringify(filter)],
    page: async (cursor) => {
      const query = {
        ...rest,
        page_size: 50,
        ...(recipientQuery(recipient) && { recipient: recipientQuery(recipient) }),
        ...(has_errors && { has_errors: has_errors === "true" }),
        ...(after && { starting_at: after }),
        ...(before && { ending_at: before }),
        ...(cursor && { after: cursor }),
      };
      const { items, page_info } = await data(api.GET("/v1/workflow_recipient_runs", { params: { query } }));
      return { items, next: page_info.after };
    },
    idOf: ({ id }) => id,
    live: ["notification"],
    every: 5_000,
  });
}

function WorkflowName({ of }: { of: string }) {
  const names = useWorkflowNames();
  return (
    <span title={of} className="truncate">
      {names[of] ?? of}
    </span>
  );
}

const columns = (without: string[]): Column<Run>[] =>
  [
    {
      key: "workflow",
      title: "Workflow",
      cell: (run: Run) => (
        <span className="font-medium">
          <WorkflowName of={run.workflow} />
        </span>
      ),
      text: (run: Run) => run.workflow,
      width: "minmax(10rem, 2fr)",
    },
    {
      key: "recipient",
      title: "Recipient",
      cell: (run: Run) => <RecipientName reference={run.recipient} />,
      text: (run: Run) => wordOf(run.recipient),
      width: "minmax(9rem, 2fr)",
    },
    {
      key: "status",
      title: "Status",
      cell: (run: Run) => <Status word={outcomeOf(run)} />,
      text: (run: Run) => outcomeOf(run),
      width: "7.5rem",
      phone: "first" as const,
    },
    {
      key: "errors",
      title: "Errors",
      cell: (run: Run) =>
        run.error_count > 0 ? <Badge tone="bad">{run.error_count}</Badge> : <span className="text-quiet">0</span>,
      text: (run: Run) => run.error_count,
      width: "4.5rem",

      phone: "none" as const,
    },
    {
      key: "tenant",
      title: "Tenant",
      cell: (run: Run) =>
        run.tenant ? (
          <RecipientName reference={{ collection: TENANTS, id: run.tenant }} />
        ) : (
          <span className="text-quiet">None</span>
        ),
      text: (run: Run) => run.tenant,
      width: "minmax(7rem, 1fr)",
      phone: "none" as const,
    },
    {
      key: "actor",
      title: "Actor",
      cell: (run: Run) =>
        run.actor ? <RecipientName reference={run.actor} /> : <span className="text-quiet">None</span>,
      text: (run: Run) => run.actor && wordOf(run.actor),
      optional: true,
      phone: "none" as const,
    },
    {
      key: "trigger",
      title: "Triggered by",
      cell: (run: Run) => run.trigger_source.type.replaceAll("_", " "),
      text: (run: Run) => run.trigger_source.type,
      width: "7rem",
      optional: true,
      phone: "none" as const,
    },
    {
      key: "at",
      title: "Began",
      cell: (run: Run) => <Time at={run.inserted_at} />,
      text: (run: Run) => run.inserted_at,
      width: "6.5rem",
      align: "end" as const,
    },
  ].filter(({ key }) => !without.includes(key));

type RunsTableProps = {
  filter: RunFilter;
  name: string;
  without?: string[];
  isFiltered?: boolean;
  panel?: boolean;
  empty: React.ReactNode;
};

export function RunsTable({ filter, name, without = [], isFiltered = false, panel = false, empty }: RunsTableProps) {
  const list = useRuns(filter);
  const go = useGo();
  return (
    <DataTable
      name={name}
      label="Recipient runs"
      list={list}
      columns={columns(without)}
      idOf={({ id }) => id}
      isFiltered={isFiltered}
      {...(!panel && { onOpen: ({ id }: Run) => void go(paths.notifyRun(id)) })}
      empty={empty}
    />
  );
}
