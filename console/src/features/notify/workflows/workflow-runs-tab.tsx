// The runs of one workflow.

import { EmptyState } from "../../../components/ui/page";
import { Snippet } from "../../../components/ui/snippet";
import { triggerSnippets } from "../parts/snippets";
import { RunsTable } from "../runs/runs-list";

export function WorkflowRunsTab({ workflow }: { workflow: string }) {
  return (
    <div className="border-line flex h-[calc(100dvh-16rem)] min-h-80 flex-col overflow-hidden rounded-lg border">
      <RunsTable
        name={`runs-of-workflow`}
        filter={{ workflow }}
        without={["workflow"]}
        empty={
          <EmptyState title="No runs yet">
            Trigger the workflow, or begin a test run.
            <Snippet label="Trigger the workflow" tabs={triggerSnippets(workflow)} />
          </EmptyState>
        }
      />
    </div>
  );
}
