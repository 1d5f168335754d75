// The runs of workflows, one for each recipient, with the reason for everything that was not done.

import { Route } from "lucide-react";

import { DetailPanel, WithPanel } from "../../../components/ui/detail-panel";
import { type Filter, FilterBar, useFilters } from "../../../components/ui/filter-bar";
import { EmptyState, Page } from "../../../components/ui/page";
import { Snippet } from "../../../components/ui/snippet";
import { paths } from "../../../lib/paths";
import { useWorkflowNames } from "../../../lib/workflow-names";
import { triggerSnippets } from "../parts/snippets";
import { RunDetail, useRunHead } from "./run-detail";
import { RunsTable } from "./runs-list";

const choice = (...values: string[]) => values.map((value) => ({ value, title: value }));

export function RunsPage() {
  const names = useWorkflowNames();
  const filters: Filter[] = [
    {
      key: "workflow",
      title: "Workflow",
      kind: "choice",
      options: Object.entries(names).map(([value, title]) => ({ value, title })),
    },
    {
      key: "status",
      title: "Status",
      kind: "choice",
      options: choice("queued", "processing", "paused", "completed", "cancelled"),
    },
    {
      key: "has_errors",
      title: "Errors",
      kind: "choice",
      options: [
        { value: "true", title: "With errors" },
        { value: "false", title: "Without errors" },
      ],
    },
    { key: "recipient", title: "Recipient", kind: "text", placeholder: "jane, or projects/alpha" },
    { key: "tenant", title: "Tenant", kind: "text", placeholder: "acme" },
    { key: "after", title: "After", kind: "time" },
    { key: "before", title: "Before", kind: "time" },
  ];
  const { set, isFiltered } = useFilters(filters);
  return (
    <Page title="Recipient runs" lead="What a workflow did for each recipient, and why somebody was not told." fills>
      <FilterBar name="notify-runs" filters={filters} />
      <WithPanel panel={(id) => <RunPanel id={id} />}>
        <RunsTable
          name="notify-runs"
          filter={set}
          isFiltered={isFiltered}
          panel
          empty={
            <EmptyState icon={<Route />} title="No runs yet">
              Trigger a workflow, and a run for each recipient is seen here.
              <Snippet label="Trigger a workflow" tabs={triggerSnippets()} />
            </EmptyState>
          }
        />
      </WithPanel>
    </Page>
  );
}

function RunPanel({ id }: { id: string }) {
  const { title, badges } = useRunHead(id);
  return (
    <DetailPanel title={title} badges={badges} page={paths.notifyRun(id)}>
      <RunDetail id={id} />
    </DetailPanel>
  );
}
