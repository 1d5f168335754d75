// The preview of a step, rendered by the server while it is written.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Button } from "../../../components/ui/button";
import { Panel, Skeleton } from "../../../components/ui/page";
import { api, data, type Schemas } from "../../../lib/api";
import { asObject } from "../../../lib/json";
import type { Step } from "../../../lib/knock";
import { useSettled } from "../../../lib/use-settled";
import { JsonField } from "../parts/code-field";
import { RecipientField, TenantField, useRecipient } from "../parts/recipient";
import { Rendered } from "../parts/rendered";
import { allSteps } from "./document";
import { type Sample, useEditor } from "./editor-context";

export function Preview({ step }: { step: Step }) {
  const { sample } = useEditor();
  const [isOpen, setOpen] = useState(false);
  return (
    <Panel
      title="Preview"
      actions={
        <Button kind="ghost" size="sm" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Sample data
        </Button>
      }
    >
      <div className="grid gap-4 p-4">
        {isOpen && <SampleForm />}
        <Shown step={step} sample={sample} />
      </div>
    </Panel>
  );
}

/** The server renders steps that it knows: a new step is rendered as a saved one of the same type of channel. */
function useKnownStep(step: Step): string | undefined {
  const { draft } = useEditor();
  const saved = allSteps(draft.saved.steps).filter(
    (one) => one.type === "channel" && one.channel_type === step.channel_type,
  );
  return (saved.find(({ ref }) => ref === step.ref) ?? saved[0])?.ref;
}

function Shown({ step, sample }: { step: Step; sample: Sample }) {
  const { workflowKey } = useEditor();
  const known = useKnownStep(step);
  const { tenant, ...given } = sample;
  const asked = useSettled(JSON.stringify({ ...given, ...(tenant && { tenant }), template: step.template ?? {} }), 250);
  const shown = useQuery({
    queryKey: ["preview", workflowKey, known, asked],
    enabled: known !== undefined,
    queryFn: () => {
      // It is being written and may be anything: the server says what is wrong with it.
      const body = JSON.parse(asked) as Schemas["KnockStepPreviewIn"];
      return data(
        api.POST("/v1/workflows/{key}/steps/{step}/preview_template", {
          params: { path: { key: workflowKey, step: known ?? "" } },
          body,
        }),
      );
    },
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
  if (known === undefined)
    return <p className="text-quiet">Save the draft, and this step is shown as its recipient gets it.</p>;
  if (shown.isPending) return <Skeleton lines={6} />;
  const why = shown.error?.message ?? (shown.data?.result === "error" ? shown.data.errors?.[0]?.message : undefined);
  return (
    <div className="grid min-w-0 gap-3" aria-busy={shown.isFetching}>
      {why && (
        <p role="alert" className="text-bad max-h-32 overflow-y-auto text-xs whitespace-pre-wrap wrap-anywhere">
          {why}
        </p>
      )}
      {shown.data?.result === "success" && shown.data.template && <Rendered content={shown.data.template} />}
    </div>
  );
}

/** The recipient and the data of the preview; a test run begins with them as well. */
export function SampleForm() {
  const { sample, setSample } = useEditor();
  const recipient = asObject(sample.recipient);
  const word = typeof recipient.id === "string" ? recipient.id : "";
  return (
    <div className="border-line grid gap-4 rounded-md border p-3">
      <RecipientChoice word={word} onChange={(next) => setSample({ ...sample, recipient: next })} />
      <TenantField value={sample.tenant} onChange={(tenant) => setSample({ ...sample, tenant })} />
      <JsonField
        label="Data"
        value={sample.data}
        onChange={(data) => setSample({ ...sample, data: data ?? {} })}
        minLines={4}
        maxLines={12}
        hint="As the last message had it, or an example of the schema."
      />
      <JsonField
        label="Recipient"
        value={sample.recipient}
        onChange={(recipient) => setSample({ ...sample, recipient: recipient ?? {} })}
        maxLines={8}
      />
      <JsonField
        label="Actor"
        value={sample.actor}
        onChange={(actor) => setSample({ ...sample, actor: actor ?? {} })}
        maxLines={8}
      />
      <JsonField
        label="Gathered activities"
        value={sample.activities}
        onChange={(activities) => setSample({ ...sample, activities: activities ?? [] })}
        maxLines={8}
        hint="What a batch before this step has gathered: a list of data."
      />
    </div>
  );
}

function RecipientChoice({ word, onChange }: { word: string; onChange: (recipient: unknown) => void }) {
  const [text, setText] = useState(word);
  const known = useRecipient(text.trim() || undefined);
  const choose = (next: string) => {
    setText(next);
    onChange({ id: next });
  };
  return (
    <div className="grid gap-1.5">
      <RecipientField label="As for" value={text} onChange={choose} />
      {known.data?.__typename === "User" && (
        <p className="text-quiet text-xs">Their stored properties are used, too.</p>
      )}
    </div>
  );
}
