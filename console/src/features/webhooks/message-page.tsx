// One message: its payload, and its way through all endpoints.

import { Send } from "lucide-react";
import { useState } from "react";

import { Badge, Code, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { Confirm } from "../../components/ui/dialog";
import { duration } from "../../components/ui/durations";
import { JsonViewer } from "../../components/ui/json-viewer";
import { Empty, Facts, Failure, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { Timeline, type TimelineEntry } from "../../components/ui/timeline";
import { done } from "../../components/ui/toast";
import type { Attempt, Message, MessageEndpoint } from "./client";
import { OFTEN, useDo, usePart, useRead, useWebhooks } from "./context";
import { At, Screen } from "./frame";
import { useBulkResend } from "./resend";

export function MessageView() {
  const id = usePart("message") ?? "";
  const { can, host, places } = useWebhooks();
  const message = useRead(["message", id], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/msg/{message}", { params: { path: { app, message: id } } }),
  );
  const back = { title: "Messages", place: places.messages };
  if (!message.data) {
    return (
      <Screen title="Message" back={back}>
        {message.isPending ? (
          <Skeleton lines={6} />
        ) : (
          <Failure error={message.error} onRetry={() => void message.refetch()} />
        )}
      </Screen>
    );
  }
  return (
    <Screen
      title={message.data.eventType}
      lead={<Time at={message.data.timestamp} />}
      back={back}
      badges={message.data.tags?.map((tag) => <Badge key={tag}>{tag}</Badge>)}
    >
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Way message={message.data} />
        <div className="grid gap-4">
          <About message={message.data} />
          <Panel
            title="Payload"
            actions={can("ManageEndpoint") && host === "console" && <RemovePayload message={message.data} />}
          >
            <div className="p-4">
              <JsonViewer label="Payload" value={message.data.payload} />
            </div>
          </Panel>
        </div>
      </div>
    </Screen>
  );
}

/** The content of a message can be removed, for instance when it holds data of a person who asks for it. */
function RemovePayload({ message }: { message: Message }) {
  const remove = useDo(
    ({ svix, app }) =>
      svix.DELETE("/api/v1/app/{app}/msg/{message}/content", { params: { path: { app, message: message.id } } }),
    () => done("The payload is removed"),
  );
  const trigger = (
    <Button size="sm" kind="danger">
      Remove
    </Button>
  );
  return (
    <Confirm
      trigger={trigger}
      title="Remove the payload?"
      action="Remove payload"
      onConfirm={() => remove.mutateAsync()}
    >
      <p>What the message says is gone for good. It cannot be sent any more, also where it is still tried.</p>
    </Confirm>
  );
}

function About({ message }: { message: Message }) {
  return (
    <Panel title="Details">
      <Facts
        of={[
          [
            "Id",
            <span key="id" className="flex items-center gap-1">
              <Code>{message.id}</Code>
              <CopyButton iconOnly text={message.id} label="Copy id" />
            </span>,
          ],
          ["Event id", message.eventId ? <Code key="event">{message.eventId}</Code> : "none"],
          ["Channels", message.channels?.join(", ") ?? "none"],
          ...(message.deliverAt
            ? [["Deliver at", <Time key="at" at={message.deliverAt} />] as [string, React.ReactNode]]
            : []),
        ]}
      />
    </Panel>
  );
}

/** Each endpoint with its attempts, and when it is tried again. */
function Way({ message }: { message: Message }) {
  const destinations = useRead(
    ["message", message.id, "endpoints"],
    ({ svix, app }) =>
      svix.GET("/api/v1/app/{app}/msg/{message}/endpoint", {
        params: { path: { app, message: message.id }, query: { limit: 250 } },
      }),
    { every: OFTEN },
  );
  const attempts = useRead(
    ["message", message.id, "attempts"],
    ({ svix, app }) =>
      svix.GET("/api/v1/app/{app}/attempt/msg/{message}", {
        params: { path: { app, message: message.id }, query: { limit: 250, with_content: true } },
      }),
    { every: OFTEN },
  );
  const all = destinations.data?.data ?? [];
  return (
    <Panel title="Endpoints" note={destinations.data && `${all.length}`}>
      {destinations.isPending && <Skeleton lines={4} />}
      <Failure
        error={destinations.error ?? attempts.error}
        onRetry={() => void Promise.all([destinations.refetch(), attempts.refetch()])}
      />
      {destinations.data && all.length === 0 && (
        <Empty>No endpoint takes messages of this type and these channels.</Empty>
      )}
      <ul className="divide-line divide-y">
        {all.map((endpoint) => (
          <Destination
            key={endpoint.id}
            message={message}
            endpoint={endpoint}
            attempts={attempts.data?.data.filter(({ endpointId }) => endpointId === endpoint.id) ?? []}
          />
        ))}
      </ul>
    </Panel>
  );
}

type DestinationProps = { message: Message; endpoint: MessageEndpoint; attempts: Attempt[] };
const WORDS: Record<MessageEndpoint["statusText"], string> = {
  success: "delivered",
  fail: "failed",
  pending: "pending",
  sending: "sending",
  canceled: "cancelled",
};

function Destination({ message, endpoint, attempts }: DestinationProps) {
  const { can, places } = useWebhooks();
  const resend = useBulkResend();
  return (
    <li className="grid gap-3 p-4" aria-label={endpoint.url}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Status word={WORDS[endpoint.statusText]} />
        <At
          place={places.endpoint(endpoint.id)}
          className="min-w-0 flex-1 basis-48 font-medium break-all hover:underline"
        >
          {endpoint.url}
        </At>
        {can("CreateAttempts") && (
          <Button
            size="sm"
            busy={resend.isPending}
            onClick={() => resend.mutate([{ message: message.id, endpoint: endpoint.id }])}
          >
            <Send aria-hidden className="size-3.5" />
            Resend
          </Button>
        )}
      </div>
      {endpoint.description && <p className="text-quiet -mt-2 text-xs">{endpoint.description}</p>}
      <Timeline label={`Attempts at ${endpoint.url}`} entries={entriesOf(message, endpoint, attempts)} />
    </li>
  );
}

function entriesOf(message: Message, endpoint: MessageEndpoint, attempts: Attempt[]): TimelineEntry[] {
  const made = [...attempts].reverse().map(
    (attempt): TimelineEntry => ({
      key: attempt.id,
      at: attempt.timestamp,
      tone: attempt.statusText === "success" ? "good" : attempt.statusText === "fail" ? "bad" : "warn",
      title: <AttemptTitle attempt={attempt} />,
      detail: <Answer attempt={attempt} />,
    }),
  );
  const accepted: TimelineEntry = { key: "accepted", at: message.timestamp, title: "Accepted" };
  const next: TimelineEntry[] = endpoint.nextAttempt
    ? [{ key: "next", at: endpoint.nextAttempt, tone: "info", title: "Next attempt" }]
    : [];
  return [accepted, ...made, ...next];
}

function AttemptTitle({ attempt }: { attempt: Attempt }) {
  const word = { success: "Delivered", fail: "Failed", canceled: "Cancelled" }[attempt.statusText];
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      {word}
      {attempt.responseStatusCode > 0 && <Code>{attempt.responseStatusCode}</Code>}
      <span className="text-quiet text-xs font-normal tabular-nums">{duration(attempt.responseDurationMs)}</span>
      {attempt.triggerType === 1 && <Badge>by hand</Badge>}
    </span>
  );
}

/** The answer of the endpoint, when it is asked for. */
function Answer({ attempt }: { attempt: Attempt }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="grid gap-2">
      <p>
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="text-quiet hover:text-ink cursor-pointer py-0.5 text-xs underline-offset-2 hover:underline"
        >
          {open ? "Hide the response" : "Show the response"}
        </button>
      </p>
      {open && <JsonViewer label="Response body" value={attempt.response} maxHeight={240} />}
    </div>
  );
}
