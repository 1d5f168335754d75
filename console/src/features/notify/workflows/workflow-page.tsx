// One workflow: its steps, a test run, its runs, its versions and its settings. What is changed is kept here across the tabs.

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useMemo, useState } from "react";

import { Badge, Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { saveAs } from "../../../components/ui/export";
import { Failure, Page, Skeleton } from "../../../components/ui/page";
import { Tabs } from "../../../components/ui/tabs";
import { usePageActions } from "../../../lib/actions";
import { api, data, useSession } from "../../../lib/api";
import { useHotkeys } from "../../../lib/hotkeys";
import type { Workflow } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { CommitDialog } from "../parts/commit-dialog";
import { FormFailure } from "../parts/form-failure";
import { LeaveGuard } from "../parts/leave-guard";
import { Conflict, useServerVersion } from "../parts/server-version";
import { documentOf, fileOf } from "../parts/stored-document";
import { useDraft } from "../parts/use-draft";
import { useIsAhead } from "../parts/use-versions";
import { Versions } from "../parts/versions";
import type { Doc } from "./document";
import { type Editor, EditorContext, type Sample } from "./editor-context";
import { SettingsTab } from "./settings-tab";
import { StepsTab } from "./steps-tab";
import { TestRunTab } from "./test-run-tab";
import { useCheck, useSave, useSurroundings } from "./use-editing";
import { comparable, exampleOf, variablesOf } from "./variables";
import { WorkflowRunsTab } from "./workflow-runs-tab";

export function WorkflowPage() {
  const { key } = useParams({ strict: false }) as { key: string };
  const workflow = useQuery({
    queryKey: ["workflows", key],
    queryFn: () => data(api.GET("/v1/workflows/{key}", { params: { path: { key } } })),
  });
  const crumbs = [{ title: "Workflows", to: paths.workflows }];
  if (workflow.data) return <Loaded key={key} workflow={workflow.data} />;
  return (
    <Page title={key} crumbs={crumbs} fills>
      {workflow.isPending ? (
        <Skeleton lines={8} />
      ) : (
        <Failure error={workflow.error} onRetry={() => void workflow.refetch()} />
      )}
    </Page>
  );
}

function Loaded({ workflow }: { workflow: Workflow }) {
  const { key } = workflow;
  const draft = useDraft<Doc>(documentOf(workflow));
  const around = useSurroundings(key);
  const problems = useCheck(key, draft.doc, around);
  const [isCommitting, setCommitting] = useState(false);
  const [sample, setSample] = useSample(workflow, around.samples);
  const save = useSave(key, draft);
  const takeServers = () => draft.reset(documentOf(workflow));
  const isConflict = useServerVersion({
    sha: workflow.sha,
    ownSha: save.ownSha.current,
    isChanged: draft.isChanged,
    take: takeServers,
  });
  const ahead = useIsAhead("workflow", workflow);
  const variables = useMemo(
    () => variablesOf(draft.doc, [...around.samples, sample.data], [sample.recipient]),
    [draft.doc, around.samples, sample.data, sample.recipient],
  );
  const saveDraft = () => draft.isChanged && save.mutate({});
  const editor: Editor = {
    workflowKey: key,
    draft,
    problems,
    variables,
    comparable: comparable(variables),
    sample,
    setSample,
    save: saveDraft,
    channels: around.channels,
    groups: around.groups,
    layouts: around.layouts,
    workflows: around.workflows,
  };
  useHotkeys([{ keys: "Ctrl+S", title: "Save the draft", run: saveDraft }]);
  usePageActions([
    { title: "Save the draft", keys: "Ctrl+S", run: saveDraft },
    { title: "Commit the workflow", run: () => setCommitting(true) },
    {
      title: "Export the workflow",
      icon: <Download className="size-4" />,
      run: () => saveAs(`${key}.json`, fileOf(workflow), "application/json"),
    },
  ]);
  return (
    <EditorContext value={editor}>
      <Page
        fills
        title={draft.doc.name || key}
        crumbs={[{ title: "Workflows", to: paths.workflows }]}
        badges={
          <>
            <Status word={workflow.active ? "on" : "off"} />
            {draft.isChanged ? (
              <Badge tone="warn">Unsaved</Badge>
            ) : (
              ahead && (
                <Badge tone="info" title="The draft was saved after the last commit. Runs use the last commit.">
                  Draft
                </Badge>
              )
            )}
            {problems.length > 0 && (
              <Badge tone="bad">
                {problems.length} {problems.length === 1 ? "problem" : "problems"}
              </Badge>
            )}
          </>
        }
        actions={
          <>
            <Button disabled={!draft.isChanged} busy={save.isPending} onClick={saveDraft}>
              Save draft
            </Button>
            <Button kind="primary" disabled={!draft.isChanged && !ahead} onClick={() => setCommitting(true)}>
              Commit…
            </Button>
          </>
        }
      >
        <div className="min-h-0 flex-1 overflow-y-auto px-4 pb-12 sm:px-6">
          {isConflict && <Conflict noun="workflow" onDrop={takeServers} />}
          {save.error && <FormFailure error={save.error} />}
          <Tabs
            label="Parts of the workflow"
            tabs={[
              { key: "steps", title: "Steps", content: <StepsTab /> },
              {
                key: "test",
                title: "Test run",
                content: <TestRunTab isActive={workflow.active} isAhead={ahead || draft.isChanged} />,
              },
              { key: "runs", title: "Runs", content: <WorkflowRunsTab workflow={key} /> },
              {
                key: "versions",
                title: "Versions",
                content: (
                  <Versions
                    type="workflow"
                    of={key}
                    draft={draft}
                    isAhead={ahead || draft.isChanged}
                    none="Nothing was committed yet. Runs need a committed version."
                  />
                ),
              },
              { key: "settings", title: "Settings", content: <SettingsTab workflow={workflow} /> },
            ]}
          />
        </div>
      </Page>
      {isCommitting && (
        <CommitDialog
          title="Commit the workflow"
          lead="The draft is saved and becomes a version. Runs that begin from now on use it."
          onClose={() => setCommitting(false)}
          onCommit={(message) => save.mutateAsync({ message })}
          problems={problems.length}
        />
      )}
      <LeaveGuard isChanged={draft.isChanged} />
    </EditorContext>
  );
}

/** The sample that previews and test runs begin with: the last message's data, or an example of the schema; and the member. */
function useSample(workflow: Workflow, samples: unknown[]): [Sample, (sample: Sample) => void] {
  const session = useSession();
  const [own, setOwn] = useState<Sample>();
  const member = session.data?.member;
  const data =
    samples[0] ??
    (workflow.trigger_data_json_schema ? exampleOf(workflow.trigger_data_json_schema) : { title: "A title" });
  const first = {
    data,
    recipient: member ? { id: member.id, name: member.name, email: member.email } : {},
    actor: {},
    tenant: "",
    activities: [],
  };
  return [own ?? first, setOwn];
}
