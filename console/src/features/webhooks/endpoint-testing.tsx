// Trying an endpoint out, and sending it what it has missed.

import { Send } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { Field, SelectField } from "../../components/ui/field";
import { JsonViewer } from "../../components/ui/json-viewer";
import { Failure, Panel } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { exampleOf, type Task } from "./client";
import { useDo, useEventTypes, useWebhooks } from "./context";
import { At } from "./frame";
import { TaskProgress } from "./task-progress";

/** The payload that the server sends where no event type is described. */
const PING = "svix.ping";

export function EndpointTesting({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  if (!can("CreateAttempts")) return <p className="text-quiet">You may look at this endpoint, but not send to it.</p>;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <SendExample endpoint={endpoint} />
      <SendAgain endpoint={endpoint} />
    </div>
  );
}

function SendExample({ endpoint }: { endpoint: string }) {
  const { places } = useWebhooks();
  const types = useEventTypes();
  const [chosen, setChosen] = useState(PING);
  const send = useDo(({ svix, app }, eventType: string) =>
    svix.POST("/api/v1/app/{app}/endpoint/{endpoint}/send-example", {
      params: { path: { app, endpoint } },
      body: { eventType },
    }),
  );
  const known = types.data ?? [];
  const hasOwn = ({ examples }: Record<string, unknown>) => Array.isArray(examples) && examples.length > 0;
  const withExample = known.filter((type) =>
    Object.values(type.schemas ?? {}).some(
      (schema) => typeof schema === "object" && schema !== null && hasOwn(schema as Record<string, unknown>),
    ),
  );
  const type = known.find(({ name }) => name === chosen);
  const options = [{ value: PING, title: "Ping" }, ...withExample.map(({ name }) => ({ value: name, title: name }))];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate(chosen);
  };
  return (
    <Panel title="Send an example">
      <form onSubmit={submit} className="grid gap-3 p-4">
        <p className="text-quiet">A message with the example of an event type, to this endpoint alone.</p>
        <div className="flex flex-wrap items-end gap-2">
          <div className="min-w-0 flex-1 basis-48">
            <SelectField
              label="Event type"
              options={options}
              value={chosen}
              onChange={(event) => {
                setChosen(event.target.value);
                send.reset();
              }}
            />
          </div>
          <Button type="submit" kind="primary" busy={send.isPending}>
            <Send aria-hidden className="size-4" />
            Send example
          </Button>
        </div>
        <Failure error={types.error} onRetry={() => void types.refetch()} />
        <Failure error={send.error} />
        {send.data && (
          <p role="status" className="text-good">
            Sent as{" "}
            <At place={places.message(send.data.id)} className="font-mono text-xs underline">
              {send.data.id}
            </At>
          </p>
        )}
        <JsonViewer label="Example" value={type ? exampleOf(type) : { success: true }} maxHeight={320} />
      </form>
    </Panel>
  );
}

const SPANS = [
  { value: "3600000", title: "The last hour" },
  { value: "86400000", title: "The last day" },
  { value: "604800000", title: "The last week" },
  { value: "1209600000", title: "The last two weeks" },
  { value: "own", title: "Since…" },
];

type Kind = "recover" | "missing" | "bulk";
const KINDS: Record<Kind, { title: string; lead: string; what: string }> = {
  recover: {
    title: "Failed",
    lead: "Sends again each message that failed and was not delivered since.",
    what: "Recover failed messages",
  },
  missing: {
    title: "Missing",
    lead: "Sends each message that was never tried here, such as those from before the endpoint was added.",
    what: "Replay missing messages",
  },
  bulk: { title: "By filter", lead: "Sends again all messages that fit, delivered or not.", what: "Replay by filter" },
};
const RESULTS = [
  { value: "", title: "Any result" },
  { value: "0", title: "Delivered" },
  { value: "2", title: "Failed" },
];
const NO_FILTER = { status: "", type: "", channel: "", tag: "" };

function SendAgain({ endpoint }: { endpoint: string }) {
  const [kind, setKind] = useState<Kind>("recover");
  const [span, setSpan] = useState("86400000");
  const [own, setOwn] = useState("");
  const [filter, setFilter] = useState(NO_FILTER);
  const [begun, setBegun] = useState<{ task: Task; what: string }[]>([]);
  const types = useEventTypes();
  const send = useDo(
    ({ svix, app }) => {
      const since = span === "own" ? new Date(own).toISOString() : new Date(Date.now() - Number(span)).toISOString();
      const params = { path: { app, endpoint } };
      if (kind === "recover")
        return svix.POST("/api/v1/app/{app}/endpoint/{endpoint}/recover", { params, body: { since } });
      if (kind === "missing")
        return svix.POST("/api/v1/app/{app}/endpoint/{endpoint}/replay-missing", { params, body: { since } });
      const { status, type, channel, tag } = filter;
      const body = {
        since,
        status: status ? Number(status) : undefined,
        eventTypes: type ? [type] : undefined,
        channel: channel || undefined,
        tag: tag || undefined,
      };
      return svix.POST("/api/v1/app/{app}/endpoint/{endpoint}/bulk-replay", { params, body });
    },
    (task) => setBegun((old) => [{ task, what: KINDS[kind].what }, ...old]),
  );
  const set = (change: Partial<typeof filter>) => setFilter({ ...filter, ...change });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <Panel title="Send again">
      <form onSubmit={submit} className="grid gap-3 p-4">
        <div>
          <Segments
            label="Which messages"
            value={kind}
            options={[
              ["recover", KINDS.recover.title],
              ["missing", KINDS.missing.title],
              ["bulk", KINDS.bulk.title],
            ]}
            onChange={(value) => setKind(value as Kind)}
          />
        </div>
        <p className="text-quiet">{KINDS[kind].lead}</p>
        <div className="grid gap-3 sm:grid-cols-2">
          <SelectField label="Of" options={SPANS} value={span} onChange={(event) => setSpan(event.target.value)} />
          {span === "own" && (
            <Field
              label="Since"
              type="datetime-local"
              required
              value={own}
              onChange={(event) => setOwn(event.target.value)}
            />
          )}
          {kind === "bulk" && (
            <>
              <SelectField
                label="Result"
                options={RESULTS}
                value={filter.status}
                onChange={(event) => set({ status: event.target.value })}
              />
              <SelectField
                label="Event type"
                options={[
                  { value: "", title: "Any" },
                  ...(types.data ?? []).map(({ name }) => ({ value: name, title: name })),
                ]}
                value={filter.type}
                onChange={(event) => set({ type: event.target.value })}
              />
              <Field
                label="Channel"
                value={filter.channel}
                onChange={(event) => set({ channel: event.target.value })}
              />
              <Field label="Tag" value={filter.tag} onChange={(event) => set({ tag: event.target.value })} />
            </>
          )}
        </div>
        <p>
          <Button type="submit" busy={send.isPending}>
            {KINDS[kind].what}
          </Button>
        </p>
        <Failure error={send.error} />
        {begun.map(({ task, what }) => (
          <TaskProgress key={task.id} task={task} what={what} />
        ))}
      </form>
    </Panel>
  );
}
