// An endpoint's secret and headers, whether it is sent anything, and its end.

import { Eye, X } from "lucide-react";
import { useState, type FormEvent } from "react";

import { Button, Empty, Field, Panel } from "../../components/ui";
import type { Endpoint, Headers } from "./client";
import { useDo, useRead, useRemove, useWebhooks } from "./context";
import { Copied, Failure } from "./parts";
import { places, useGo } from "./places";

export function EndpointSwitch({ endpoint }: { endpoint: Endpoint }) {
  const change = useDo<{ disabled: boolean }>("PATCH", `/endpoint/${endpoint.id}`);
  return (
    <Button kind="plain" onClick={() => change.mutate({ disabled: !endpoint.disabled })} disabled={change.isPending}>
      {endpoint.disabled ? "Enable" : "Pause"}
    </Button>
  );
}

export function SecretPanel({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  const [shown, setShown] = useState(false);
  const secret = useRead<{ key: string }>(`/endpoint/${endpoint}/secret`, { enabled: shown });
  const rotate = useDo<object>("POST", `/endpoint/${endpoint}/secret/rotate`);
  return (
    <Panel title="Signing secret" note="verify what arrives with it">
      <div className="grid gap-3 p-4">
        {can("ViewEndpointSecret") && (
          <p className="flex items-center gap-2">
            <code className="min-w-0 flex-1 truncate font-mono text-xs">{secret.data?.key ?? "whsec_••••••••••••••••"}</code>
            {secret.data ? (
              <Copied text={secret.data.key} what="the secret" />
            ) : (
              <Button kind="icon" aria-label="Show the secret" onClick={() => setShown(true)}><Eye className="size-4" /></Button>
            )}
          </p>
        )}
        {can("ManageEndpointSecret") && (
          <p className="flex flex-wrap items-center gap-3">
            <Button kind="plain" onClick={() => rotate.mutate({})} disabled={rotate.isPending}>Replace it</Button>
            <span className="text-quiet text-xs">
              {rotate.isSuccess ? "Replaced. The old one goes on signing beside it for a day." : "The old one goes on signing beside the new one for a day."}
            </span>
          </p>
        )}
        {rotate.isError && <Failure error={rotate.error} />}
      </div>
    </Panel>
  );
}

export function HeadersPanel({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  const headers = useRead<Headers>(`/endpoint/${endpoint}/headers`);
  const change = useDo<{ headers: Record<string, string>; deleteHeaders?: string[] }>("PATCH", `/endpoint/${endpoint}/headers`);
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const done = await change.mutateAsync({ headers: { [name]: value } }).then(() => true, () => false);
    if (done) [setName, setValue].forEach((set) => set(""));
  };
  const known = headers.data;
  const all: [string, string][] = known ? [...Object.entries(known.headers), ...known.sensitive.map((hidden): [string, string] => [hidden, "••••••"])] : [];
  return (
    <Panel title="Headers" note="sent along with every message">
      {all.length === 0 && <Empty>None of its own.</Empty>}
      <ul className="divide-line divide-y">
        {all.map(([header, shown]) => (
          <li key={header} className="flex items-center gap-3 px-4 py-2 font-mono text-xs">
            <span className="basis-1/3 truncate">{header}</span>
            <span className="text-quiet min-w-0 flex-1 truncate">{shown}</span>
            {can("ManageEndpoint") && (
              <Button kind="icon" aria-label={`Remove ${header}`} onClick={() => change.mutate({ headers: {}, deleteHeaders: [header] })}>
                <X className="size-4" />
              </Button>
            )}
          </li>
        ))}
      </ul>
      {can("ManageEndpoint") && (
        <form onSubmit={(event) => void add(event)} className="border-line grid items-end gap-3 border-t p-4 sm:grid-cols-[1fr_2fr_auto]">
          <Field label="Name" required value={name} onChange={(event) => setName(event.target.value)} />
          <Field label="Value" required value={value} onChange={(event) => setValue(event.target.value)} />
          <Button type="submit" className="h-10" disabled={change.isPending}>Add</Button>
        </form>
      )}
      {change.isError && <Failure error={change.error} />}
    </Panel>
  );
}

export function RemovePanel({ endpoint }: { endpoint: string }) {
  const go = useGo();
  const remove = useRemove(`/endpoint/${endpoint}`, () => go(places.endpoints));
  const [sure, setSure] = useState(false);
  return (
    <Panel title="Remove">
      <p className="flex flex-wrap items-center gap-3 p-4">
        <Button kind="plain" className="text-bad!" onClick={() => (sure ? remove.mutate() : setSure(true))}>
          {sure ? "Yes, remove this endpoint" : "Remove this endpoint"}
        </Button>
        <span className="text-quiet text-xs">What waits for it is dropped.</span>
      </p>
      {remove.isError && <Failure error={remove.error} />}
    </Panel>
  );
}
