// The settings of a workflow. Name and conditions are changed with the draft; the state, and deleting, take effect at once.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Code } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Confirm } from "../../../components/ui/dialog";
import { saveAs } from "../../../components/ui/export";
import { CheckField, Field, SelectField, TextField } from "../../../components/ui/field";
import { useGo } from "../../../components/ui/go";
import { Facts, Failure, Panel } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import { api, data } from "../../../lib/api";
import type { Workflow } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { JsonField } from "../parts/code-field";
import { ConditionsEditor } from "../parts/conditions-editor";
import { fileOf } from "../parts/stored-document";
import type { Doc } from "./document";
import { useEditor } from "./editor-context";

const FREQUENCIES: { value: NonNullable<Doc["trigger_frequency"]>; title: string }[] = [
  { value: "every_trigger", title: "For every trigger" },
  { value: "once_per_recipient", title: "Once for each recipient" },
  { value: "once_per_recipient_per_tenant", title: "Once for each recipient within a tenant" },
];

export function SettingsTab({ workflow }: { workflow: Workflow }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <General />
      <div className="grid gap-4">
        <State workflow={workflow} />
        <Conditions />
        <Schema />
      </div>
    </div>
  );
}

function useField() {
  const { draft, problems } = useEditor();
  return {
    doc: draft.doc,
    set: (changes: Partial<Doc>) => draft.change((doc) => ({ ...doc, ...changes }), Object.keys(changes).join()),
    problem: (field: string) =>
      problems.find((problem) => problem.step === undefined && problem.field === field)?.message,
  };
}

const listed = (text: string) => text.split(",").map((word) => word.trimStart());
const kept = (words: string[]) => words.map((word) => word.trim()).filter(Boolean);

function General() {
  const { doc, set } = useField();
  return (
    <Panel title="General" note="saved with the draft">
      <div className="grid gap-4 p-4">
        <Field label="Name" value={doc.name ?? ""} onChange={(event) => set({ name: event.target.value })} />
        <TextField
          label="Description"
          rows={3}
          value={doc.description ?? ""}
          onChange={(event) => set({ description: event.target.value || null })}
        />
        <Field
          label="Categories"
          defaultValue={doc.categories?.join(", ")}
          onChange={(event) => set({ categories: kept(listed(event.target.value)) })}
          hint="Divided by commas. Preferences can be about a category."
        />
        <Field
          label="Tags"
          defaultValue={doc.tags?.join(", ")}
          onChange={(event) => set({ tags: kept(listed(event.target.value)) })}
          hint="Divided by commas; for yourselves."
        />
        <SelectField
          label="Runs"
          value={doc.trigger_frequency ?? "every_trigger"}
          options={FREQUENCIES}
          onChange={(event) =>
            set({ trigger_frequency: FREQUENCIES.find(({ value }) => value === event.target.value)?.value })
          }
        />
        <CheckField
          label="Commercial"
          hint="Recipients can unsubscribe from all commercial workflows with a click in the mail."
          checked={doc.settings?.is_commercial === true}
          onChange={(is_commercial) => set({ settings: { ...doc.settings, is_commercial } })}
        />
        <CheckField
          label="Sent whatever preferences say"
          hint="For what people must know, such as a password that was changed."
          checked={doc.settings?.override_preferences === true}
          onChange={(override_preferences) => set({ settings: { ...doc.settings, override_preferences } })}
        />
      </div>
    </Panel>
  );
}

function Conditions() {
  const { doc, set, problem } = useField();
  const { comparable } = useEditor();
  return (
    <Panel title="Conditions of the workflow" note="saved with the draft">
      <div className="p-4">
        <ConditionsEditor
          label="The workflow runs"
          value={doc.conditions}
          variables={comparable}
          onChange={(conditions) => set({ conditions })}
          problem={problem("conditions")}
        />
      </div>
    </Panel>
  );
}

function Schema() {
  const { doc, set, problem } = useField();
  const change = (value: unknown) =>
    set({ trigger_data_json_schema: (value ?? null) as Doc["trigger_data_json_schema"] });
  return (
    <Panel title="Data of a trigger" note="saved with the draft">
      <div className="p-4">
        <JsonField
          label="JSON schema"
          value={doc.trigger_data_json_schema}
          onChange={change}
          minLines={6}
          maxLines={24}
          problem={problem("trigger_data_json_schema")}
          hint="A trigger whose data does not fit is refused. Without a schema any data is taken."
        />
      </div>
    </Panel>
  );
}

function State({ workflow }: { workflow: Workflow }) {
  const { key, name, active } = workflow;
  const queries = useQueryClient();
  const go = useGo();
  const turn = useMutation({
    mutationFn: (status: boolean) =>
      data(api.PUT("/v1/workflows/{key}/activate", { params: { path: { key } }, body: { status } })),
    onSuccess: ({ workflow }) => {
      queries.setQueryData(["workflows", key], workflow);
      void queries.invalidateQueries({ queryKey: ["workflow-list"] });
      done(workflow.active ? "The workflow is on." : "The workflow is off.");
    },
  });
  const remove = async () => {
    await data(api.DELETE("/v1/workflows/{key}", { params: { path: { key } } }));
    void queries.invalidateQueries({ queryKey: ["workflow-list"] });
    done(`“${name || key}” is deleted.`);
    await go(paths.workflows);
  };
  return (
    <Panel title="State">
      <Facts
        of={[
          ["Key", <Code key="key">{key}</Code>],
          ["State", active ? "On: triggers start runs." : "Off: triggers are refused."],
          ["Changed", <Time key="at" at={workflow.updated_at} />],
          ["Created", <Time key="from" at={workflow.created_at} />],
        ]}
      />
      <Failure error={turn.error} />
      <div className="flex flex-wrap gap-2 px-4 pb-4">
        {active ? (
          <Confirm
            trigger={<Button>Switch off</Button>}
            title="Switch the workflow off?"
            action="Switch off"
            onConfirm={() => turn.mutateAsync(false)}
          >
            <p>
              Triggers of “{name || key}” are refused until it is switched on again. Runs that wait end without sending.
            </p>
          </Confirm>
        ) : (
          <Button busy={turn.isPending} onClick={() => turn.mutate(true)}>
            Switch on
          </Button>
        )}
        <Button onClick={() => saveAs(`${key}.json`, fileOf(workflow), "application/json")}>Export as a file</Button>
        <Confirm
          trigger={<Button kind="danger">Delete…</Button>}
          title={`Delete “${name || key}”?`}
          action="Delete the workflow"
          onConfirm={remove}
        >
          <p>The workflow and its draft are gone, and triggers of it fail. Messages and runs that there were stay.</p>
        </Confirm>
      </div>
    </Panel>
  );
}
