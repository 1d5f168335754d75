// All workflows, with what they are made of.

import { useQueryClient } from "@tanstack/react-query";
import { Download, Plus, Upload, Workflow as WorkflowIcon } from "lucide-react";
import { useMemo, useState } from "react";

import { Badge, Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { type Column, DataTable } from "../../../components/ui/data-table";
import { Confirm } from "../../../components/ui/dialog";
import { saveAs } from "../../../components/ui/export";
import { type Filter, FilterBar, useFilters } from "../../../components/ui/filter-bar";
import { useGo } from "../../../components/ui/go";
import { EmptyState, Page } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import { usePageActions } from "../../../lib/actions";
import { api, data } from "../../../lib/api";
import { CHANNEL_NAMES, type Workflow } from "../../../lib/knock";
import type { List } from "../../../lib/list";
import { paths } from "../../../lib/paths";
import { useWorkflows } from "../../../lib/workflow-names";
import { fileOf } from "../parts/stored-document";
import { allSteps, channelTypes } from "./document";
import { ImportWorkflow, NewWorkflow } from "./new-workflow";

const COLUMNS: Column<Workflow>[] = [
  {
    key: "name",
    title: "Workflow",
    width: "minmax(14rem, 3fr)",
    text: (it) => it.name || it.key,
    cell: (it) => (
      <span className="flex min-w-0 items-baseline gap-2">
        <span className="shrink-0 font-medium">{it.name || it.key}</span>
        <span className="text-quiet truncate text-xs">{it.description ?? it.key}</span>
      </span>
    ),
  },
  {
    key: "state",
    title: "State",
    cell: (it) => <Status word={it.active ? "on" : "off"} />,
    text: (it) => (it.active ? "on" : "off"),
    width: "5rem",
    phone: "first",
  },
  {
    key: "channels",
    title: "Channels",
    cell: (it) => <Names of={channelTypes(it.steps).map((type) => CHANNEL_NAMES[type] ?? type)} />,
    text: (it) => channelTypes(it.steps).join(" "),
    width: "minmax(9rem, 2fr)",
  },
  {
    key: "categories",
    title: "Categories",
    cell: (it) => <Names of={it.categories} />,
    text: (it) => it.categories.join(" "),
    width: "minmax(7rem, 1fr)",
    phone: "none",
  },
  {
    key: "steps",
    title: "Steps",
    cell: (it) => allSteps(it.steps).length,
    text: (it) => allSteps(it.steps).length,
    width: "4rem",
    align: "end",
    phone: "none",
  },
  {
    key: "key",
    title: "Key",
    cell: (it) => <code className="font-mono text-xs">{it.key}</code>,
    text: (it) => it.key,
    optional: true,
    phone: "none",
  },
  {
    key: "updated",
    title: "Updated",
    cell: (it) => <Time at={it.updated_at} />,
    text: (it) => it.updated_at,
    width: "6.5rem",
    align: "end",
  },
];

function Names({ of }: { of: string[] }) {
  if (of.length === 0) return <span className="text-quiet">None</span>;
  return (
    <span className="flex gap-1 overflow-hidden">
      {of.map((name) => (
        <Badge key={name}>{name}</Badge>
      ))}
    </span>
  );
}

const fits = (workflow: Workflow, { q = "", state, channel, category }: Record<string, string | undefined>) => {
  const words =
    `${workflow.key} ${workflow.name ?? ""} ${workflow.description ?? ""} ${workflow.tags?.join(" ") ?? ""}`.toLowerCase();
  return (
    words.includes(q.toLowerCase()) &&
    (!state || (state === "on") === workflow.active) &&
    (!channel || channelTypes(workflow.steps).includes(channel)) &&
    (!category || workflow.categories.includes(category))
  );
};

export function WorkflowsPage() {
  const workflows = useWorkflows();
  const go = useGo();
  const [adds, setAdds] = useState<"new" | "import">();
  const categories = useMemo(
    () => [...new Set(workflows.data?.flatMap((workflow) => workflow.categories))].sort(),
    [workflows.data],
  );
  const filters: Filter[] = [
    {
      key: "state",
      title: "State",
      kind: "choice",
      options: [
        { value: "on", title: "on" },
        { value: "off", title: "off" },
      ],
    },
    {
      key: "channel",
      title: "Channel",
      kind: "choice",
      options: Object.entries(CHANNEL_NAMES).map(([value, title]) => ({ value, title })),
    },
    {
      key: "category",
      title: "Category",
      kind: "choice",
      options: categories.map((value) => ({ value, title: value })),
    },
  ];
  const { set, isFiltered } = useFilters(filters, "q");
  const list: List<Workflow> = {
    rows: workflows.data?.filter((workflow) => fits(workflow, set)) ?? [],
    isPending: workflows.isPending,
    error: workflows.error,
    retry: () => void workflows.refetch(),
    fresh: 0,
    showFresh: () => undefined,
    hasMore: false,
    loadMore: () => undefined,
    isLoadingMore: false,
  };
  usePageActions([
    { title: "New workflow", icon: <Plus className="size-4" />, run: () => setAdds("new") },
    { title: "Import a workflow", icon: <Upload className="size-4" />, run: () => setAdds("import") },
  ]);
  return (
    <Page
      fills
      title="Workflows"
      lead="What is sent to whom, over which channels, and in which order."
      actions={
        <>
          <Button onClick={() => setAdds("import")}>
            <Upload aria-hidden className="size-4" />
            Import
          </Button>
          <Button kind="primary" onClick={() => setAdds("new")}>
            <Plus aria-hidden className="size-4" />
            New workflow
          </Button>
        </>
      }
    >
      <FilterBar name="workflows" filters={filters} search={{ key: "q", label: "Search workflows" }} />
      <DataTable
        name="workflows"
        label="Workflows"
        list={list}
        columns={COLUMNS}
        idOf={({ key }) => key}
        titleOf={({ key, name }) => name || key}
        isFiltered={isFiltered}
        onOpen={({ key }) => void go(paths.workflow(key))}
        actions={(rows, clear) => <RowActions rows={rows} clear={clear} />}
        empty={
          <EmptyState
            icon={<WorkflowIcon />}
            title="No workflows yet"
            actions={
              <Button kind="primary" onClick={() => setAdds("new")}>
                New workflow
              </Button>
            }
          >
            A workflow says what is sent, over which channels and in which order.
          </EmptyState>
        }
      />
      {adds === "new" && <NewWorkflow onClose={() => setAdds(undefined)} />}
      {adds === "import" && <ImportWorkflow onClose={() => setAdds(undefined)} />}
    </Page>
  );
}

function RowActions({ rows, clear }: { rows: Workflow[]; clear: () => void }) {
  const queries = useQueryClient();
  const remove = async () => {
    for (const { key } of rows) await data(api.DELETE("/v1/workflows/{key}", { params: { path: { key } } }));
    await queries.invalidateQueries({ queryKey: ["workflow-list"] });
    clear();
    done(rows.length === 1 ? "The workflow is deleted." : `${rows.length} workflows are deleted.`);
  };
  const save = () => {
    for (const workflow of rows) saveAs(`${workflow.key}.json`, fileOf(workflow), "application/json");
  };
  return (
    <>
      <Button size="sm" onClick={save}>
        <Download aria-hidden className="size-3.5" />
        Export
      </Button>
      <Confirm
        trigger={
          <Button size="sm" kind="danger">
            Delete…
          </Button>
        }
        title={rows.length === 1 ? `Delete “${rows[0]?.name || rows[0]?.key}”?` : `Delete ${rows.length} workflows?`}
        action="Delete"
        onConfirm={remove}
      >
        <p>
          The workflows and their drafts are gone, and triggers of them fail. Messages and runs that there were stay.
        </p>
      </Confirm>
    </>
  );
}
