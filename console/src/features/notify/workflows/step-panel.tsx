// One step of a workflow: its name, what it does by form, when it is taken, and all of it as JSON.

import { X } from "lucide-react";

import { IconButton } from "../../../components/ui/button";
import { CheckField, Field, SelectField, TextField } from "../../../components/ui/field";
import { Panel } from "../../../components/ui/page";
import { Segments } from "../../../components/ui/tabs";
import { isObject } from "../../../lib/json";
import type { Step } from "../../../lib/knock";
import { useUrl } from "../../../lib/url";
import { JsonField } from "../parts/code-field";
import { ConditionsEditor } from "../parts/conditions-editor";
import { stepOf, textAt, valueAt, withStep } from "./document";
import { useEditor, useStep } from "./editor-context";
import { kindOf } from "./kinds";
import { Preview } from "./preview";
import { inShort } from "./problems";
import { SendWindows } from "./send-windows";
import { SettingsForm } from "./settings-forms";
import { TemplateForm } from "./template-form";

type Part = "content" | "delivery" | "conditions" | "json";

export function StepPanel({ step }: { step: Step }) {
  const url = useUrl();
  const { problems } = useEditor();
  const isChannel = step.type === "channel";
  const parts: [Part, string][] = [
    ["content", isChannel ? "Template" : "Settings"],
    ...(isChannel ? [["delivery", "Delivery"] as [Part, string]] : []),
    ["conditions", step.conditions ? "Conditions •" : "Conditions"],
    ["json", "JSON"],
  ];
  const asked = url.get("part");
  const part = parts.find(([key]) => key === asked)?.[0] ?? "content";
  const whole = problems.filter(
    ({ step: ref, field }) => ref === step.ref && (field === undefined || field === "template" || field === "settings"),
  );
  const { title } = kindOf(step);
  return (
    <div className="@container min-w-0">
      <div className={isChannel && part === "content" ? "grid items-start gap-4 @2xl:grid-cols-2" : "grid gap-4"}>
        <Panel
          title={step.name || step.ref}
          note={title}
          actions={
            <IconButton
              label="Close the step"
              onClick={() => url.set({ step: undefined, part: undefined }, { replace: true })}
            >
              <X className="size-4" />
            </IconButton>
          }
        >
          <div className="border-line border-b px-4 py-2">
            <Segments
              label="Part of the step"
              value={part}
              options={parts}
              onChange={(next) => url.set({ part: next === "content" ? undefined : next }, { replace: true })}
            />
          </div>
          <div className="grid min-w-0 gap-4 p-4">
            {whole.map((problem) => (
              <p key={problem.message} role="alert" className="text-bad">
                {inShort(problem)}
              </p>
            ))}
            {part === "content" && <Content step={step} />}
            {part === "delivery" && <Delivery step={step} />}
            {part === "conditions" && <StepConditions step={step} />}
            {part === "json" && <StepJson step={step} />}
          </div>
        </Panel>
        {isChannel && part === "content" && <Preview step={step} />}
      </div>
    </div>
  );
}

function Content({ step }: { step: Step }) {
  return (
    <>
      {step.type === "channel" && <ChannelField step={step} />}
      {step.type === "channel" ? <TemplateForm step={step} /> : <SettingsForm step={step} />}
      <Identity step={step} />
    </>
  );
}

/** The name of a step, and the ref by which others know it. */
function Identity({ step }: { step: Step }) {
  const { draft } = useEditor();
  const { set } = useStep(step);
  const url = useUrl();
  const rename = (ref: string) => {
    if (ref === "" || ref === step.ref || stepOf(draft.doc.steps, ref)) return;
    draft.change((doc) => withStep(doc, step.ref, (before) => ({ ...before, ref })));
    url.set({ step: ref }, { replace: true });
  };
  return (
    <div className="border-line grid gap-4 border-t pt-4 sm:grid-cols-2">
      <Field
        label="Name"
        value={step.name ?? ""}
        placeholder={step.ref}
        onChange={(event) => set("name", event.target.value || undefined)}
      />
      <Field
        key={step.ref}
        label="Ref"
        defaultValue={step.ref}
        spellCheck={false}
        onBlur={(event) => rename(event.target.value.trim())}
        hint="Its own within the workflow; runs and messages name the step by it."
      />
      <div className="sm:col-span-2">
        <TextField
          label="Description"
          rows={2}
          value={step.description ?? ""}
          onChange={(event) => set("description", event.target.value || undefined)}
        />
      </div>
    </div>
  );
}

/** The channel, or the group of channels, that a step sends through. */
function ChannelField({ step }: { step: Step }) {
  const { channels, groups } = useEditor();
  const { setAll, problem } = useStep(step);
  const fitting = channels.filter(({ type }) => type === step.channel_type);
  const chosen = step.channel_group_key ? `group ${step.channel_group_key}` : (step.channel_key ?? "");
  const options = [
    ...(chosen === "" ? [{ value: "", title: "Choose a channel" }] : []),
    ...fitting.map(({ key, name, environment_settings }) => ({
      value: key,
      title: `${name}${environment_settings.production.is_valid ? "" : " (not set up)"}`,
    })),
    ...groups.map((key) => ({ value: `group ${key}`, title: `Group ${key}` })),
  ];
  const isListed = options.some(({ value }) => value === chosen);
  const choose = (value: string) => {
    const group = value.startsWith("group ") ? value.slice(6) : undefined;
    setAll({ channel_group_key: group, channel_key: group === undefined ? value || undefined : undefined });
  };
  return (
    <SelectField
      label="Channel"
      value={chosen}
      options={isListed ? options : [...options, { value: chosen, title: chosen }]}
      onChange={(event) => choose(event.target.value)}
      problem={
        problem("channel_key") ??
        problem("channel_group_key") ??
        (chosen === "" ? "Choose the channel that it goes through." : undefined)
      }
    />
  );
}

function Delivery({ step }: { step: Step }) {
  return (
    <>
      <section className="grid gap-2">
        <h3 className="font-medium">Send windows</h3>
        <SendWindows step={step} />
      </section>
      <Overrides step={step} />
    </>
  );
}

const MAIL_OVERRIDES: [name: string, label: string][] = [
  ["from_address", "From: address"],
  ["from_name", "From: name"],
  ["to_address", "To"],
  ["reply_to_address", "Reply to"],
  ["cc_address", "Cc"],
  ["bcc_address", "Bcc"],
];

/** Settings of the channel that this step replaces. */
function Overrides({ step }: { step: Step }) {
  const { set } = useStep(step);
  if (step.channel_type === "email") {
    return (
      <section className="grid gap-4">
        <h3 className="font-medium">Instead of the channel's own</h3>
        <div className="grid gap-4 sm:grid-cols-2">
          {MAIL_OVERRIDES.map(([name, label]) => (
            <Field
              key={name}
              label={label}
              spellCheck={false}
              value={textAt(step, `channel_overrides.${name}`)}
              onChange={(event) => set(`channel_overrides.${name}`, event.target.value || undefined)}
            />
          ))}
        </div>
        <p className="text-quiet text-xs">
          Each is a template. Without one the channel's settings, and the recipient's address, are used.
        </p>
      </section>
    );
  }
  if (step.channel_type !== "chat") return null;
  const name = "channel_overrides.email_based_user_id_resolution";
  return (
    <CheckField
      label="Find people in Slack by mail address"
      hint="For recipients without a connection."
      checked={valueAt(step, name) === true}
      onChange={(on) => set(name, on || undefined)}
    />
  );
}

function StepConditions({ step }: { step: Step }) {
  const { comparable } = useEditor();
  const { set, problem } = useStep(step);
  return (
    <ConditionsEditor
      label="The step is taken"
      value={step.conditions}
      variables={comparable}
      onChange={(conditions) => set("conditions", conditions ?? undefined)}
      problem={problem("conditions")}
    />
  );
}

function StepJson({ step }: { step: Step }) {
  const { draft } = useEditor();
  const url = useUrl();
  const { branches, cohort_branches, ...rest } = step;
  const replace = (value: unknown) => {
    if (!isObject(value) || typeof value.ref !== "string" || value.ref === "" || typeof value.type !== "string") return;
    const isTaken = value.ref !== step.ref && stepOf(draft.doc.steps, value.ref) !== undefined;
    if (isTaken) return;
    // The text may be anything that names a step: the server finds its faults.
    const next = { ...value, ...(branches && { branches }), ...(cohort_branches && { cohort_branches }) } as Step;
    draft.change((doc) => withStep(doc, step.ref, () => next), `${step.ref} json`);
    if (next.ref !== step.ref) url.set({ step: next.ref }, { replace: true });
  };
  return (
    <JsonField
      label="Step as JSON"
      value={rest}
      onChange={replace}
      minLines={12}
      maxLines={40}
      hint={branches || cohort_branches ? "Its ways are changed in the diagram and the form." : undefined}
    />
  );
}
