// The script that may change messages to an endpoint: written, tried on an example, turned on.

import { Play } from "lucide-react";
import { useState } from "react";

import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CodeEditor } from "../../components/ui/code-editor";
import { SelectField, Switch } from "../../components/ui/field";
import { JsonViewer } from "../../components/ui/json-viewer";
import { Failure, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { done } from "../../components/ui/toast";
import type { Schemas } from "../../lib/api";
import { isSame } from "../../lib/json";
import { exampleOf, type Simulation, type Transformation, type TransformationPatch } from "./client";
import { useDo, useEventTypes, useRead, useWebhooks } from "./context";
import { Pairs, pairsOf, valuesOf } from "./pairs";
import { Unsaved } from "./unsaved";

const EXAMPLE = `/**
 * @param webhook method, url, headers, eventType, payload
 */
function handler(webhook) {
  // Change what is sent, or set webhook.cancel = true to send nothing.
  return webhook;
}
`;

const VARIABLES = [
  { name: "webhook.method", detail: "POST or PUT" },
  { name: "webhook.url", detail: "where it is sent" },
  { name: "webhook.headers", detail: "sent along" },
  { name: "webhook.eventType", detail: "the event type" },
  { name: "webhook.payload", detail: "the message" },
  { name: "webhook.cancel", detail: "true: nothing is sent" },
];

export function TransformationPanel({ endpoint }: { endpoint: string }) {
  const known = useRead(["endpoint", endpoint, "transformation"], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/transformation", { params: { path: { app, endpoint } } }),
  );
  if (known.data) return <Editor key={endpoint} endpoint={endpoint} before={known.data} />;
  return (
    <Panel title="Transformation">
      {known.isPending ? <Skeleton /> : <Failure error={known.error} onRetry={() => void known.refetch()} />}
    </Panel>
  );
}

function Editor({ endpoint, before }: { endpoint: string; before: Transformation }) {
  const { can } = useWebhooks();
  const stored = before.code ?? EXAMPLE;
  const [code, setCode] = useState(stored);
  const [variables, setVariables] = useState(pairsOf(before.variables ?? {}));
  const store = useDo(
    ({ svix, app }, body: TransformationPatch) =>
      svix.PATCH("/api/v1/app/{app}/endpoint/{endpoint}/transformation", { params: { path: { app, endpoint } }, body }),
    (_, { enabled }) => done(enabled ? "The transformation is saved, and on" : "The transformation is off"),
  );
  const mayChange = can("ManageTransformations");
  const areVariablesNew = !isSame(valuesOf(variables), before.variables ?? {});
  const isChanged = code !== stored || areVariablesNew;
  const save = () =>
    store.mutate({ code, enabled: true, variables: areVariablesNew ? valuesOf(variables) : undefined });
  return (
    <Panel
      title="Transformation"
      note={
        before.updatedAt ? (
          <>
            changed <Time at={before.updatedAt} />
          </>
        ) : (
          "a script that changes each message"
        )
      }
      actions={
        mayChange && before.code ? (
          <Switch
            label="Transformation is on"
            checked={before.enabled}
            disabled={store.isPending}
            onChange={(enabled) => store.mutate({ enabled })}
          />
        ) : (
          <Badge tone={before.enabled ? "good" : "quiet"}>{before.enabled ? "on" : "off"}</Badge>
        )
      }
    >
      <div className="grid gap-3 p-4">
        <Unsaved when={mayChange && isChanged && !store.isPending} />
        <CodeEditor
          label="Script"
          language="javascript"
          value={code}
          onChange={setCode}
          readOnly={!mayChange}
          variables={VARIABLES}
          minLines={8}
          maxLines={24}
          onSave={mayChange ? save : undefined}
        />
        {mayChange && (
          <>
            <Pairs label="Variables" one="variable" pairs={variables} onChange={setVariables} secret />
            <p className="flex flex-wrap items-center gap-2">
              <Button kind="primary" busy={store.isPending} disabled={!isChanged && before.enabled} onClick={save}>
                {before.enabled ? "Save" : "Save and turn on"}
              </Button>
              {isChanged && <span className="text-quiet text-xs">Not saved yet.</span>}
            </p>
            <Failure error={store.error} />
            <Trial endpoint={endpoint} code={code} variables={valuesOf(variables)} />
          </>
        )}
      </div>
    </Panel>
  );
}

/** The script's result for an example, without sending it. */
function Trial({ endpoint, code, variables }: { endpoint: string; code: string; variables: Record<string, string> }) {
  const types = useEventTypes();
  const [type, setType] = useState("");
  const [own, setOwn] = useState<string>();
  const chosen = types.data?.find(({ name }) => name === type);
  const payload = own ?? JSON.stringify(chosen ? (exampleOf(chosen) ?? {}) : { hello: "world" }, null, 2);
  const [unreadable, setUnreadable] = useState(false);
  const simulate = useDo(({ svix, app }, body: Simulation) =>
    svix.POST("/api/v1/app/{app}/endpoint/{endpoint}/transformation/simulate", {
      params: { path: { app, endpoint } },
      body,
    }),
  );
  const attempt = () => {
    try {
      const read: Simulation["payload"] = JSON.parse(payload);
      setUnreadable(false);
      simulate.mutate({ code, eventType: type || "test.event", payload: read, variables });
    } catch {
      setUnreadable(true);
    }
  };
  return (
    <section aria-label="Try the script" className="border-line grid gap-3 border-t pt-3">
      <div className="flex flex-wrap items-end gap-2">
        <div className="min-w-0 flex-1 basis-48">
          <SelectField
            label="Try it with"
            options={[
              { value: "", title: "A payload of your own" },
              ...(types.data ?? []).map(({ name }) => ({ value: name, title: name })),
            ]}
            value={type}
            onChange={(event) => {
              setType(event.target.value);
              setOwn(undefined);
            }}
          />
        </div>
        <Button busy={simulate.isPending} onClick={attempt}>
          <Play aria-hidden className="size-4" />
          Try
        </Button>
      </div>
      <CodeEditor
        label="Payload to try it with"
        language="json"
        value={payload}
        onChange={setOwn}
        minLines={3}
        maxLines={12}
      />
      {unreadable && (
        <p role="alert" className="text-bad">
          The payload is not JSON.
        </p>
      )}
      <Failure error={simulate.error} />
      {simulate.data && <Simulated of={simulate.data} />}
    </section>
  );
}

function Simulated({ of }: { of: Schemas["SvixSimulated"] }) {
  if (of.cancel) return <p role="status">Nothing would be sent: the script cancels the message.</p>;
  return (
    <div role="status" className="grid gap-2">
      <p className="font-mono text-xs break-all">
        {of.method} {of.url}
      </p>
      <JsonViewer label="What would be sent" value={of.payload} maxHeight={320} />
    </div>
  );
}
