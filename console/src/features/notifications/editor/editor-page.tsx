// What one step of a workflow says: its texts, and beside them how they look with a sample.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { useId, useState } from "react";

import { Button, Chip, Panel, Skeleton } from "../../../components/ui";
import { useSession } from "../../../lib/api";
import { CHANNEL_NAMES, type Items, knock, type Step, type Workflow } from "../../../lib/knock";
import { Trouble } from "../frame";
import { changed, FIELDS, stepOf, type Template, type TextField, textAt, withText } from "./document";
import { Preview, type Sample } from "./preview";

export function EditorPage() {
  const { key, step: reference } = useParams({ from: "/shell/notifications/workflows/$key/steps/$step" });
  const session = useSession();
  const workflow = useQuery({ queryKey: ["workflows", key], queryFn: () => knock<Workflow>(`/workflows/${key}`) });
  const last = useQuery({
    queryKey: ["notification", "last", key],
    queryFn: () => knock<Items<{ data: unknown }>>(`/messages?source=${encodeURIComponent(key)}&page_size=1`),
  });
  if (workflow.isPending || last.isPending || session.isPending) return <Skeleton />;
  const step = workflow.data && stepOf(workflow.data.steps, reference);
  const fields = FIELDS[step?.channel_type ?? ""];
  const member = session.data?.member;
  return (
    <article className="grid gap-4">
      <Link to="/notifications/workflows/$key" params={{ key }} className="text-quiet hover:text-ink inline-flex w-fit items-center gap-1">
        <ArrowLeft className="size-4" /> {workflow.data?.name || key}
      </Link>
      <Trouble error={workflow.error} />
      {workflow.data && !(step && fields) && <p>There is no step of this name that says anything.</p>}
      {workflow.data && step && fields && (
        <Editor
          workflow={workflow.data}
          step={step}
          fields={fields}
          data={last.data?.items[0]?.data ?? { title: "A title" }}
          recipient={{ id: member?.id ?? "somebody", name: member?.name ?? "Somebody", email: member?.email }}
        />
      )}
    </article>
  );
}

type EditorProps = { workflow: Workflow; step: Step; fields: TextField[]; data: unknown; recipient: unknown };

function Editor({ workflow, step, fields, data, recipient }: EditorProps) {
  const queries = useQueryClient();
  const [template, setTemplate] = useState<Template>(step.template ?? {});
  const [sample, setSample] = useState<Sample>({ data, recipient, activities: [] });
  const save = useMutation({
    mutationFn: (commits: boolean) =>
      knock(`/workflows/${workflow.key}?commit=${commits}`, "PUT", { workflow: changed(workflow, step.ref, template) }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["workflows"] }),
  });
  const isChanged = JSON.stringify(template) !== JSON.stringify(step.template ?? {});
  return (
    <>
      <header className="flex flex-wrap items-center gap-3">
        <h1 className="flex min-w-0 flex-1 flex-wrap items-center gap-2 text-lg font-semibold">
          {step.name ?? step.ref} <Chip>{CHANNEL_NAMES[step.channel_type ?? ""] ?? step.channel_type}</Chip>
        </h1>
        <span role="status" className="text-quiet text-xs">{isChanged ? "Changed, not saved" : save.isSuccess ? "Saved" : ""}</span>
        <Button kind="plain" disabled={!isChanged || save.isPending} onClick={() => save.mutate(false)} className="disabled:opacity-60">Save as draft</Button>
        <Button disabled={save.isPending || (!isChanged && !save.isSuccess)} onClick={() => save.mutate(true)}>Save and use</Button>
      </header>
      <Trouble error={save.error} />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Panel title="What it says" note="Liquid">
          <div className="grid gap-4 p-4">
            {fields.map((field) => (
              <TextArea
                key={field.path}
                label={field.label}
                lines={field.lines}
                value={textAt(template, field.path)}
                onChange={(text) => setTemplate(withText(template, field.path, text))}
              />
            ))}
          </div>
        </Panel>
        <div className="grid gap-4">
          <Panel title="Preview" note="as it is written here">
            <Preview workflow={workflow.key} step={step.ref} template={template} sample={sample} />
          </Panel>
          <Panel title="Sample" note="the data of the last message, where there was one">
            <div className="grid gap-4 p-4">
              <JsonArea label="Data" value={sample.data} onChange={(data) => setSample({ ...sample, data })} />
              <JsonArea label="Recipient" value={sample.recipient} onChange={(recipient) => setSample({ ...sample, recipient })} />
              <JsonArea label="What a batch has gathered: a list of data" value={sample.activities} onChange={(activities) => setSample({ ...sample, activities })} />
            </div>
          </Panel>
        </div>
      </div>
    </>
  );
}

function TextArea({ label, lines, value, onChange }: { label: string; lines: number; value: string; onChange: (text: string) => void }) {
  const id = useId();
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium">{label}</label>
      <textarea
        id={id}
        rows={lines}
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="border-line bg-raised w-full rounded-md border px-3 py-2 font-mono text-xs"
      />
    </div>
  );
}

/** A value as JSON; what is none is not told on. */
function JsonArea({ label, value, onChange }: { label: string; value: unknown; onChange: (value: unknown) => void }) {
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const [isWrong, setWrong] = useState(false);
  const change = (text: string) => {
    setText(text);
    try {
      onChange(JSON.parse(text));
      setWrong(false);
    } catch {
      setWrong(true);
    }
  };
  return (
    <div className="grid gap-1">
      <TextArea label={label} lines={Math.min(10, text.split("\n").length + 1)} value={text} onChange={change} />
      {isWrong && <p role="alert" className="text-bad text-xs">This is not JSON yet.</p>}
    </div>
  );
}
