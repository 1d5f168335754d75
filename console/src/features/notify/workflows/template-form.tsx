// The template of a step that sends: its fields by the type of its channel, in Liquid.

import { Field, SelectField } from "../../../components/ui/field";
import { Go } from "../../../components/ui/go";
import { Segments } from "../../../components/ui/tabs";
import { asList } from "../../../lib/json";
import type { Step } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { CodeField, JsonField } from "../parts/code-field";
import { PairsField } from "../parts/pairs-field";
import { textAt, valueAt } from "./document";
import { useEditor, useStep } from "./editor-context";
import type { ChannelType } from "./kinds";

type Line = { path: string; label: string; lines: number; hint?: string };

const TEXTS: Partial<Record<ChannelType, Line[]>> = {
  in_app_feed: [
    { path: "template.markdown_body", label: "Markdown", lines: 6 },
    { path: "template.action_url", label: "Action URL", lines: 1, hint: "Where a click on the item leads." },
  ],
  sms: [
    { path: "template.text_body", label: "Text", lines: 4 },
    { path: "template.settings.to_number", label: "To", lines: 1, hint: "Instead of the recipient's phone number." },
  ],
  push: [
    { path: "template.title", label: "Title", lines: 1 },
    { path: "template.text_body", label: "Text", lines: 3 },
  ],
  chat: [
    { path: "template.markdown_body", label: "Markdown", lines: 5 },
    { path: "template.summary", label: "Summary", lines: 1, hint: "What a phone shows of it." },
    {
      path: "template.json_body",
      label: "Blocks (JSON)",
      lines: 12,
      hint: "Slack's Block Kit, or an adaptive card. It is sent instead of the Markdown.",
    },
  ],
};

export function TemplateForm({ step }: { step: Step }) {
  const type = step.channel_type;
  if (!type) return null;
  if (type === "email") return <EmailTemplate step={step} />;
  if (type === "http") return <HttpTemplate step={step} />;
  return (
    <>
      {(TEXTS[type] ?? []).map((line) => (
        <LiquidField key={line.path} step={step} {...line} />
      ))}
      {type === "in_app_feed" && <Buttons step={step} />}
      {type === "push" && <PushSettings step={step} />}
    </>
  );
}

export function LiquidField({ step, path, label, lines, hint }: Line & { step: Step }) {
  const { variables, save } = useEditor();
  const { set, problem } = useStep(step);
  return (
    <CodeField
      label={label}
      language="liquid"
      value={textAt(step, path)}
      onChange={(text) => set(path, text === "" ? undefined : text)}
      variables={variables}
      onSave={save}
      minLines={lines}
      maxLines={Math.max(lines, 24)}
      hint={hint}
      problem={problem(path)}
    />
  );
}

function EmailTemplate({ step }: { step: Step }) {
  const { layouts } = useEditor();
  const { set, setAll, problem } = useStep(step);
  const isVisual = asList(valueAt(step, "template.visual_blocks")).length > 0;
  const layout = textAt(step, "template.settings.layout_key");
  const choose = (kind: string) =>
    setAll(
      kind === "blocks"
        ? {
            "template.html_body": undefined,
            "template.visual_blocks": [{ type: "markdown", content: "Hello {{ recipient.name }}" }],
          }
        : { "template.visual_blocks": undefined, "template.html_body": "<p>Hello {{ recipient.name }}</p>" },
    );
  return (
    <>
      <LiquidField step={step} path="template.subject" label="Subject" lines={1} />
      <div className="grid gap-2">
        <div>
          <Segments
            label="Body as"
            value={isVisual ? "blocks" : "html"}
            options={[
              ["html", "HTML"],
              ["blocks", "Blocks"],
            ]}
            onChange={choose}
          />
        </div>
        {isVisual ? (
          <JsonField
            label="Blocks"
            value={valueAt(step, "template.visual_blocks")}
            onChange={(value) => set("template.visual_blocks", value)}
            minLines={10}
            maxLines={28}
            problem={problem("template.visual_blocks") ?? problem("template.visual_blocks.0")}
            hint="A list of markdown, html, image, button_set and divider."
          />
        ) : (
          <LiquidField step={step} path="template.html_body" label="HTML" lines={14} />
        )}
      </div>
      <LiquidField
        step={step}
        path="template.text_body"
        label="Plain text"
        lines={4}
        hint="Made of the HTML where it is empty."
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Layout"
          value={layout}
          options={[
            { value: "", title: "None" },
            ...[...new Set([...layouts, ...(layout ? [layout] : [])])].map((key) => ({ value: key, title: key })),
          ]}
          onChange={(event) => set("template.settings.layout_key", event.target.value || undefined)}
          problem={layout && !layouts.includes(layout) ? `There is no layout “${layout}”.` : undefined}
          hint={
            layouts.includes(layout) && (
              <Go to={paths.layout(layout)} className="text-bronze hover:underline">
                Open the layout
              </Go>
            )
          }
        />
        <Field
          label="Attachments"
          placeholder="attachments"
          value={textAt(step, "template.settings.attachment_key")}
          onChange={(event) => set("template.settings.attachment_key", event.target.value || undefined)}
          hint="The key of their list in the data."
        />
      </div>
    </>
  );
}

function Buttons({ step }: { step: Step }) {
  const { set, problem } = useStep(step);
  return (
    <PairsField
      label="Buttons"
      names={["label", "action"]}
      titles={["Label", "Address"]}
      most={2}
      value={valueAt(step, "template.action_buttons")}
      onChange={(value) => set("template.action_buttons", value)}
      problem={problem("template.action_buttons")}
    />
  );
}

function PushSettings({ step }: { step: Step }) {
  const { set } = useStep(step);
  return (
    <>
      <SelectField
        label="Kind"
        value={textAt(step, "template.settings.delivery_type") || "content"}
        options={[
          { value: "content", title: "Shown to the recipient" },
          { value: "silent", title: "Silent: only your app is told" },
        ]}
        onChange={(event) =>
          set("template.settings.delivery_type", event.target.value === "silent" ? "silent" : undefined)
        }
      />
      <LiquidField
        step={step}
        path="template.settings.payload_overrides"
        label="Payload"
        lines={3}
        hint="JSON that is merged into what is sent to Google or Apple."
      />
    </>
  );
}

const METHODS = ["get", "post", "put", "patch", "delete", "head"];
export const methodOptions = METHODS.map((value) => ({ value, title: value.toUpperCase() }));

function HttpTemplate({ step }: { step: Step }) {
  const { set, problem } = useStep(step);
  return (
    <>
      <SelectField
        label="Method"
        value={textAt(step, "template.method") || "post"}
        options={methodOptions}
        onChange={(event) => set("template.method", event.target.value)}
      />
      <LiquidField step={step} path="template.url" label="URL" lines={1} />
      <PairsField
        label="Headers"
        value={valueAt(step, "template.headers")}
        onChange={(value) => set("template.headers", value)}
        problem={problem("template.headers")}
      />
      <PairsField
        label="Query parameters"
        value={valueAt(step, "template.query_params")}
        onChange={(value) => set("template.query_params", value)}
      />
      <LiquidField step={step} path="template.body" label="Body" lines={8} />
    </>
  );
}
