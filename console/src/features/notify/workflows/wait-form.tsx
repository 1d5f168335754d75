// The form of a step that waits: for which event, and for how long.

import { Field, SelectField } from "../../../components/ui/field";
import type { Step } from "../../../lib/knock";
import { ConditionsEditor } from "../parts/conditions-editor";
import { DurationField } from "../parts/duration-field";
import { textAt, valueAt } from "./document";
import { useEditor, useStep } from "./editor-context";

const MESSAGE_EVENTS = [
  "created",
  "queued",
  "sent",
  "not_sent",
  "delivered",
  "delivery_attempted",
  "undelivered",
  "bounced",
  "seen",
  "unseen",
  "read",
  "unread",
  "archived",
  "unarchived",
  "interacted",
  "link_clicked",
];

/** The kinds of events, the keys that each has, and what else it names. */
const EVENTS: Record<string, { title: string; keys?: string[]; begin: Record<string, string> }> = {
  message: {
    title: "Something happens to a message",
    keys: MESSAGE_EVENTS,
    begin: { event_key: "read", source_type: "workflow", source_key: "" },
  },
  workflow: {
    title: "A workflow starts or ends for the recipient",
    keys: ["started", "completed"],
    begin: { event_key: "completed", source_key: "" },
  },
  recipient: { title: "The recipient changes", keys: ["updated"], begin: { event_key: "updated" } },
  audience: {
    title: "The recipient enters or leaves an audience",
    keys: ["enter", "exit"],
    begin: { event_key: "enter", audience_key: "" },
  },
  integration_source: {
    title: "An event is sent to POST /api/events",
    begin: { event_key: "", integration_source_key: "events" },
  },
};

const THEN = [
  { value: "continue", title: "The run goes on" },
  { value: "halt", title: "The run ends" },
];
const EVENT_VARIABLES = ["event.type", "event.data.", "event.event_data.", "data.", "recipient.id"];

export function WaitForm({ step }: { step: Step }) {
  const { workflows, workflowKey, comparable } = useEditor();
  const { set, problem } = useStep(step);
  const type = textAt(step, "settings.event.event_type");
  const kind = EVENTS[type];
  const text = (name: string) => textAt(step, `settings.event.${name}`);
  const write = (name: string, value: string) => set(`settings.event.${name}`, value);
  const sources = [
    ...workflows,
    ...(workflows.some(({ key }) => key === workflowKey) ? [] : [{ key: workflowKey, name: workflowKey }]),
  ];
  return (
    <>
      <SelectField
        label="Waits until"
        value={type}
        options={Object.entries(EVENTS).map(([value, { title }]) => ({ value, title }))}
        onChange={(event) =>
          set("settings.event", { event_type: event.target.value, ...EVENTS[event.target.value]?.begin })
        }
        problem={problem("settings.event")}
      />
      {kind?.keys ? (
        <SelectField
          label="Event"
          value={text("event_key")}
          options={kind.keys.map((value) => ({ value, title: value.replaceAll("_", " ") }))}
          onChange={(event) => write("event_key", event.target.value)}
        />
      ) : (
        <Field
          label="Name of the event"
          value={text("event_key")}
          onChange={(event) => write("event_key", event.target.value)}
          hint="Its data names the recipient: user_id, userId, recipient or recipients."
        />
      )}
      {(type === "message" || type === "workflow") && (
        <SelectField
          label="Of the workflow"
          value={text("source_key")}
          options={[
            { value: "", title: "Choose one" },
            ...sources.map(({ key, name }) => ({ value: key, title: name || key })),
          ]}
          onChange={(event) => write("source_key", event.target.value)}
          problem={text("source_key") ? undefined : "Choose a workflow."}
        />
      )}
      {type === "audience" && (
        <Field
          label="Audience"
          value={text("audience_key")}
          onChange={(event) => write("audience_key", event.target.value)}
        />
      )}
      <DurationField
        label="At most for"
        value={valueAt(step, "settings.expires_after")}
        onChange={(value) => set("settings.expires_after", value)}
        hint="15 minutes by default, 30 days at most."
        problem={problem("settings.expires_after")}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="When it happens"
          value={textAt(step, "settings.on_match") || "continue"}
          options={THEN}
          onChange={(event) => set("settings.on_match", event.target.value)}
        />
        <SelectField
          label="When the time is over"
          value={textAt(step, "settings.on_timeout") || "halt"}
          options={THEN}
          onChange={(event) => set("settings.on_timeout", event.target.value)}
        />
      </div>
      <div className="grid gap-2">
        <p className="font-medium">Which event counts</p>
        <ConditionsEditor
          label="The event counts"
          value={valueAt(step, "settings.match_conditions")}
          variables={[...EVENT_VARIABLES, ...comparable]}
          onChange={(conditions) => set("settings.match_conditions", conditions ?? undefined)}
          problem={problem("settings.match_conditions")}
        />
      </div>
    </>
  );
}
