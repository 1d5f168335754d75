// A trial of a workflow with a chosen recipient and data, and what its runs do, as they do it.

import { useMutation, useQuery } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { CheckField } from "../../../components/ui/field";
import { Go } from "../../../components/ui/go";
import { Empty, Failure, Panel, Skeleton } from "../../../components/ui/page";
import { api, data, type Schemas } from "../../../lib/api";
import { asObject, isObject } from "../../../lib/json";
import { outcomeOf, type Run } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { useUrl } from "../../../lib/url";
import { JsonField } from "../parts/code-field";
import { FormFailure } from "../parts/form-failure";
import { pathOf, RecipientField, RecipientName, referenceOf, TenantField } from "../parts/recipient";
import { useRun } from "../runs/run-detail";
import { RunStory } from "../runs/run-story";
import { useEditor } from "./editor-context";

type Trial = {
  /** Those of the sample until they are changed. */
  recipient?: string;
  actor: string;
  tenant?: string;
  data?: unknown;
  skipsDelays: boolean;
  isSandbox: boolean;
};

const named = (word: string): Schemas["KnockRecipientIn"] => {
  const reference = referenceOf(word.trim());
  return typeof reference === "string" ? reference : { id: reference.id, collection: reference.collection };
};

export function TestRunTab({ isActive, isAhead }: { isActive: boolean; isAhead: boolean }) {
  const { workflowKey, sample } = useEditor();
  const url = useUrl();
  const first = asObject(sample.recipient).id;
  const [trial, setTrial] = useState<Trial>({ actor: "", skipsDelays: true, isSandbox: false });
  const recipient = trial.recipient ?? (typeof first === "string" ? first : "");
  const tenant = trial.tenant ?? sample.tenant;
  const values = trial.data ?? sample.data;
  const set = (changes: Partial<Trial>) => setTrial({ ...trial, ...changes });
  const run = useMutation({
    mutationFn: () => {
      const body: Schemas["KnockTriggerIn"] = {
        recipients: [named(recipient)],
        data: isObject(values) ? values : {},
        ...(trial.actor.trim() && { actor: named(trial.actor) }),
        ...(tenant.trim() && { tenant: tenant.trim() }),
        settings: { skip_delay: trial.skipsDelays, sandbox_mode: trial.isSandbox },
      };
      return data(api.POST("/v1/workflows/{key}/run", { params: { path: { key: workflowKey } }, body }));
    },
    onSuccess: ({ workflow_run_id }) => url.set({ trial: workflow_run_id }, { replace: true }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run.mutate();
  };
  const shown = url.get("trial");
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="Test run">
        <form onSubmit={submit} className="grid gap-4 p-4">
          {isAhead && (
            <p role="note" className="text-warn">
              A test run uses the committed version, not the draft.
            </p>
          )}
          {!isActive && (
            <p role="note" className="text-warn">
              The workflow is off: switch it on in its settings first.
            </p>
          )}
          <RecipientField
            label="Recipient"
            required
            value={recipient}
            onChange={(recipient) => set({ recipient })}
            hint="A user, or an object as collection/id."
          />
          <div className="grid gap-4 sm:grid-cols-2">
            <RecipientField
              label="Actor"
              value={trial.actor}
              onChange={(actor) => set({ actor })}
              hint="Who caused it."
            />
            <TenantField value={tenant} onChange={(tenant) => set({ tenant })} />
          </div>
          <JsonField
            label="Data"
            value={values}
            onChange={(data) => set({ data: data ?? {} })}
            minLines={6}
            maxLines={20}
          />
          <CheckField
            label="Skip delays"
            hint="Delays end at once; batches do not."
            checked={trial.skipsDelays}
            onChange={(skipsDelays) => set({ skipsDelays })}
          />
          <CheckField
            label="Sandbox"
            hint="Messages are made and are not really sent."
            checked={trial.isSandbox}
            onChange={(isSandbox) => set({ isSandbox })}
          />
          <FormFailure error={run.error} />
          <Button type="submit" busy={run.isPending} disabled={!isActive} className="w-fit">
            <Play aria-hidden className="size-4" />
            Run the test
          </Button>
        </form>
      </Panel>
      {shown ? (
        <TrialRuns id={shown} workflow={workflowKey} />
      ) : (
        <Panel title="What it does">
          <Empty>The steps of the run are shown here as they are taken.</Empty>
        </Panel>
      )}
    </div>
  );
}

/** The runs that a trigger made: they are looked for among the newest of the workflow. */
function TrialRuns({ id, workflow }: { id: string; workflow: string }) {
  const runs = useQuery({
    queryKey: ["notification", "trial", id],
    queryFn: async () => {
      const { items } = await data(
        api.GET("/v1/workflow_recipient_runs", { params: { query: { workflow, page_size: 50 } } }),
      );
      return items.filter((run) => run.workflow_run_id === id);
    },
    refetchInterval: ({ state }) => (state.data?.length && state.dataUpdateCount > 5 ? false : 1_000),
  });
  return (
    <div className="grid gap-4">
      {runs.isError && <Failure error={runs.error} />}
      {!runs.isError && !runs.data?.length && (
        <Panel title="What it does">
          <Skeleton lines={4} />
        </Panel>
      )}
      {runs.data?.map((run) => (
        <TrialRun key={run.id} run={run} />
      ))}
    </div>
  );
}

function TrialRun({ run }: { run: Run }) {
  const detail = useRun(run.id);
  const it = detail.data ?? run;
  return (
    <Panel
      title="What it does"
      note={
        <>
          for <RecipientName reference={run.recipient} />
        </>
      }
      actions={
        <>
          <Status word={outcomeOf(it)} />
          <Go to={paths.notifyRun(run.id)} className="text-bronze text-xs hover:underline">
            Open the run
          </Go>
        </>
      }
    >
      {detail.isPending && <Skeleton lines={4} />}
      {detail.isError && <Failure error={detail.error} />}
      {detail.data && (
        <RunStory events={detail.data.events} workflow={run.workflow} recipient={pathOf(run.recipient)} />
      )}
    </Panel>
  );
}
