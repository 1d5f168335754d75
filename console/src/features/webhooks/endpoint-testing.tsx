// Trying an endpoint out, and sending it again what it has missed.

import { useState } from "react";

import { Button, Panel } from "../../components/ui";
import type { Message, Task } from "./client";
import { useDo, useEventTypes, useWebhooks } from "./context";
import { Code, Failure, SELECT } from "./parts";

const PING = "svix.ping";

export function TestPanel({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  const types = useEventTypes();
  const [chosen, setChosen] = useState(PING);
  const send = useDo<{ eventType: string }, Message>("POST", `/endpoint/${endpoint}/send-example`);
  const known = types.data?.pages.flatMap((page) => page.data) ?? [];
  const withExample = known.filter((type) => exampleOf(type.schemas) !== undefined);
  const example = chosen === PING ? { success: true } : exampleOf(known.find((type) => type.name === chosen)?.schemas ?? null);
  return (
    <Panel title="Send a test event">
      <p className="flex flex-wrap items-center gap-3 p-4">
        <select aria-label="Event type" className={SELECT} value={chosen} onChange={(event) => setChosen(event.target.value)}>
          <option value={PING}>{PING}</option>
          {withExample.map((type) => <option key={type.name} value={type.name}>{type.name}</option>)}
        </select>
        <Button onClick={() => send.mutate({ eventType: chosen })} disabled={send.isPending || !can("CreateAttempts")}>Send</Button>
        {send.data && <span role="status" className="text-good text-xs">Sent as {send.data.id}</span>}
      </p>
      {send.isError && <Failure error={send.error} />}
      <Code label="Example" text={JSON.stringify(example ?? {})} />
    </Panel>
  );
}

export function exampleOf(schemas: Record<string, { examples?: unknown[] }> | null): unknown {
  const schema = schemas?.["1"] ?? Object.values(schemas ?? {})[0];
  return schema?.examples?.[0];
}

const SPANS = [
  ["an hour", 3_600_000],
  ["a day", 24 * 3_600_000],
  ["a week", 7 * 24 * 3_600_000],
  ["two weeks", 14 * 24 * 3_600_000],
] as const;

export function RecoverPanel({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  const [span, setSpan] = useState<number>(SPANS[1][1]);
  const recover = useDo<{ since: string }, Task>("POST", `/endpoint/${endpoint}/recover`);
  const replay = useDo<{ since: string }, Task>("POST", `/endpoint/${endpoint}/replay-missing`);
  const since = () => ({ since: new Date(Date.now() - span).toISOString() });
  const begun = recover.data ?? replay.data;
  const error = recover.error ?? replay.error;
  if (!can("CreateAttempts")) return null;
  return (
    <Panel title="Send again">
      <div className="grid gap-3 p-4">
        <label className="flex flex-wrap items-center gap-2">
          Of the last
          <select className={SELECT} value={span} onChange={(event) => setSpan(Number(event.target.value))}>
            {SPANS.map(([title, value]) => <option key={value} value={value}>{title}</option>)}
          </select>
        </label>
        <p className="flex flex-wrap gap-4">
          <Button kind="plain" onClick={() => recover.mutate(since())} disabled={recover.isPending}>Everything that failed</Button>
          <Button kind="plain" onClick={() => replay.mutate(since())} disabled={replay.isPending}>Everything that was never sent</Button>
        </p>
        {begun && <p role="status" className="text-good text-xs">Begun; the attempts appear as they are made.</p>}
      </div>
      {error && <Failure error={error} />}
    </Panel>
  );
}
