// The settings of steps that send nothing themselves: a form for each kind.

import { SelectField } from "../../../components/ui/field";
import type { Step } from "../../../lib/knock";
import { PairsField } from "../parts/pairs-field";
import { textAt, valueAt } from "./document";
import { useEditor, useStep } from "./editor-context";
import { type FormProps, JsonTemplate, Line } from "./setting-fields";
import { LiquidField, methodOptions } from "./template-form";
import { BatchForm, DelayForm, ThrottleForm } from "./time-forms";
import { WaitForm } from "./wait-form";
import { BranchForm, CohortForm } from "./ways-forms";

export function SettingsForm({ step }: FormProps) {
  switch (step.type) {
    case "delay":
      return <DelayForm step={step} />;
    case "batch":
      return <BatchForm step={step} />;
    case "throttle":
      return <ThrottleForm step={step} />;
    case "http_fetch":
      return <FetchForm step={step} />;
    case "branch":
      return <BranchForm step={step} />;
    case "random_cohort":
      return <CohortForm step={step} />;
    case "trigger_workflow":
      return <TriggerForm step={step} />;
    case "wait_for_event":
      return <WaitForm step={step} />;
    case "update_data":
      return (
        <JsonTemplate
          step={step}
          path="settings.data"
          label="Data"
          hint="A template of a JSON object, which is put into the run's data."
        />
      );
    case "update_user":
    case "update_tenant":
    case "update_object":
      return <UpdateForm step={step} />;
    default:
      return null;
  }
}

function FetchForm({ step }: FormProps) {
  const { set, problem } = useStep(step);
  return (
    <>
      <SelectField
        label="Method"
        value={textAt(step, "settings.method") || "get"}
        options={methodOptions}
        onChange={(event) => set("settings.method", event.target.value)}
      />
      <LiquidField step={step} path="settings.url" label="URL" lines={1} />
      <PairsField
        label="Headers"
        value={valueAt(step, "settings.headers")}
        onChange={(value) => set("settings.headers", value)}
        problem={problem("settings.headers")}
      />
      <PairsField
        label="Query parameters"
        value={valueAt(step, "settings.query_params")}
        onChange={(value) => set("settings.query_params", value)}
      />
      <LiquidField step={step} path="settings.body" label="Body" lines={5} />
      <Line
        step={step}
        name="response_path"
        label="Response path"
        placeholder="customer"
        hint="Where in the data the answer is put. Without it the answer is merged into the data."
      />
      <LiquidField
        step={step}
        path="settings.signing_key"
        label="Signing key"
        lines={1}
        hint="The key of the header x-knock-signature. Whoever can read the workflow can read it here."
      />
    </>
  );
}

function TriggerForm({ step }: FormProps) {
  const { workflows, workflowKey } = useEditor();
  const { set, problem } = useStep(step);
  const target = textAt(step, "settings.workflow_key");
  const others = workflows.filter(({ key }) => key !== workflowKey);
  const isListed = target === "" || others.some(({ key }) => key === target);
  return (
    <>
      <SelectField
        label="Workflow"
        value={target}
        problem={problem("settings.workflow_key") ?? (target === "" ? "Choose a workflow." : undefined)}
        options={[
          { value: "", title: "Choose one" },
          ...others.map(({ key, name }) => ({ value: key, title: name || key })),
          ...(isListed ? [] : [{ value: target, title: target }]),
        ]}
        onChange={(event) => set("settings.workflow_key", event.target.value)}
      />
      <JsonTemplate
        step={step}
        path="settings.recipients"
        label="Recipients"
        hint="A template of an id, or of a JSON list of recipients. The run's own recipient by default."
      />
      <JsonTemplate
        step={step}
        path="settings.data"
        label="Data"
        hint="A template of a JSON object. The run's own data by default."
      />
      <Line step={step} name="actor" label="Actor" hint="A template of an id. The run's own actor by default." />
      <Line step={step} name="tenant" label="Tenant" hint="A template of an id. The run's own tenant by default." />
      <Line
        step={step}
        name="cancellation_key"
        label="Cancellation key"
        hint="A template. The run's own key by default."
      />
    </>
  );
}

const OWN: Partial<Record<Step["type"], string>> = {
  update_user: "gid://Knock/User/jane, or a bare id. The run's own recipient by default.",
  update_tenant: "gid://Knock/Tenant/acme. The run's own tenant by default.",
  update_object: "gid://Knock/Object/projects/alpha. It must be named.",
};

function UpdateForm({ step }: FormProps) {
  return (
    <>
      <Line step={step} name="recipient_gid" label="Recipient" hint={OWN[step.type] ?? ""} />
      <JsonTemplate
        step={step}
        path="settings.update_properties"
        label="Properties"
        hint="A template of a JSON object with the properties to set."
      />
    </>
  );
}
