// The script of an endpoint: written, tried, turned on.

import { useState } from "react";

import { Button, Panel } from "../../components/ui";
import type { Simulated, Transformation } from "./client";
import { useDo, useRead, useWebhooks } from "./context";
import { AREA, Code, Failure } from "./parts";

const EXAMPLE = `function handler(webhook) {
  // Change method, url, payload or headers; set webhook.cancel = true to send nothing.
  return webhook;
}`;

export function TransformationPanel({ endpoint }: { endpoint: string }) {
  const known = useRead<Transformation>(`/endpoint/${endpoint}/transformation`);
  if (!known.data) return null;
  return <Editor key={endpoint} endpoint={endpoint} before={known.data} />;
}

function Editor({ endpoint, before }: { endpoint: string; before: Transformation }) {
  const { can } = useWebhooks();
  const [code, setCode] = useState(before.code ?? EXAMPLE);
  const [payload, setPayload] = useState('{ "hello": "world" }');
  const [unreadable, setUnreadable] = useState(false);
  const store = useDo<{ code: string; enabled: boolean }>("PATCH", `/endpoint/${endpoint}/transformation`);
  const simulate = useDo<object, Simulated>("POST", `/endpoint/${endpoint}/transformation/simulate`);
  const mayChange = can("ManageTransformations");
  const attempt = () => {
    try {
      const read: unknown = JSON.parse(payload);
      setUnreadable(false);
      simulate.mutate({ code, eventType: "test.event", payload: read, variables: before.variables });
    } catch {
      setUnreadable(true);
    }
  };
  return (
    <Panel title="Transformation" note={before.enabled ? "on" : "off"}>
      <div className="grid gap-3 p-4">
        <textarea aria-label="Script" rows={8} spellCheck={false} readOnly={!mayChange} className={AREA} value={code} onChange={(event) => setCode(event.target.value)} />
        {mayChange && (
          <>
            <textarea aria-label="Payload to try it with" rows={2} spellCheck={false} className={AREA} value={payload} onChange={(event) => setPayload(event.target.value)} />
            <p className="flex flex-wrap items-center gap-4">
              <Button onClick={() => store.mutate({ code, enabled: true })} disabled={store.isPending}>{before.enabled ? "Save" : "Save and turn on"}</Button>
              <Button kind="plain" onClick={attempt} disabled={simulate.isPending}>Try it</Button>
              {before.enabled && <Button kind="plain" onClick={() => store.mutate({ code, enabled: false })}>Turn off</Button>}
            </p>
          </>
        )}
        {unreadable && <p role="alert" className="text-bad">The payload is not JSON.</p>}
        {simulate.data && (
          <Code label="What would be sent" text={simulate.data.cancel ? "nothing: it is called off" : `${simulate.data.method} ${simulate.data.url}\n\n${simulate.data.payload}`} />
        )}
      </div>
      {(store.error ?? simulate.error) && <Failure error={(store.error ?? simulate.error)!} />}
    </Panel>
  );
}
