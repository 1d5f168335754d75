// The headers that an endpoint is sent along with each message. Values of sensitive ones are never shown again.

import { X } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Badge } from "../../components/ui/badge";
import { Button, IconButton } from "../../components/ui/button";
import { Field } from "../../components/ui/field";
import { Empty, Failure, Panel, Skeleton } from "../../components/ui/page";
import { done, notDone } from "../../components/ui/toast";
import type { Schemas } from "../../lib/api";
import { useDo, useRead, useWebhooks } from "./context";

export function HeadersPanel({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  const headers = useRead(["endpoint", endpoint, "headers"], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/headers", { params: { path: { app, endpoint } } }),
  );
  const change = useDo(({ svix, app }, body: Schemas["SvixHeadersPatch"]) =>
    svix.PATCH("/api/v1/app/{app}/endpoint/{endpoint}/headers", { params: { path: { app, endpoint } }, body }),
  );
  const mayChange = can("ManageEndpoint");
  const remove = (name: string) => {
    const before = headers.data?.headers[name];
    const undo = before === undefined ? undefined : () => change.mutate({ headers: { [name]: before } });
    change.mutate(
      { headers: {}, deleteHeaders: [name] },
      {
        onSuccess: () => done(`${name} is removed`, undo),
        onError: (error) => notDone(`${name} is not removed`, error),
      },
    );
  };
  const all = [
    ...Object.entries(headers.data?.headers ?? {}),
    ...(headers.data?.sensitive ?? []).map((name) => [name, undefined] as const),
  ];
  return (
    <Panel title="Headers" note="sent with each message">
      {headers.isPending && <Skeleton lines={2} />}
      <Failure error={headers.error} onRetry={() => void headers.refetch()} />
      {headers.data && all.length === 0 && <Empty>No headers of its own.</Empty>}
      {all.length > 0 && (
        <ul className="divide-line divide-y">
          {all.map(([name, value]) => (
            <li key={name} className="flex items-center gap-3 py-1.5 pr-2 pl-4">
              <code className="basis-1/3 font-mono text-xs break-all">{name}</code>
              <span className="text-quiet min-w-0 flex-1 font-mono text-xs break-all">
                {value ?? <Badge>sensitive, not shown</Badge>}
              </span>
              {mayChange && (
                <IconButton label={`Remove ${name}`} disabled={change.isPending} onClick={() => remove(name)}>
                  <X className="size-4" />
                </IconButton>
              )}
            </li>
          ))}
        </ul>
      )}
      {mayChange && <AddHeader onAdd={(name, value) => change.mutateAsync({ headers: { [name]: value } })} />}
    </Panel>
  );
}

function AddHeader({ onAdd }: { onAdd: (name: string, value: string) => Promise<unknown> }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const add = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await onAdd(name.trim(), value);
      setName("");
      setValue("");
    } catch (error) {
      setError(error as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void add(event)} className="border-line border-t p-4">
      <div className="grid items-end gap-3 sm:grid-cols-[1fr_2fr_auto]">
        <Field
          label="Name"
          required
          placeholder="x-team"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Field label="Value" required value={value} onChange={(event) => setValue(event.target.value)} />
        <Button type="submit" busy={busy}>
          Add header
        </Button>
      </div>
      {error && (
        <div className="-mx-4">
          <Failure error={error} />
        </div>
      )}
    </form>
  );
}
