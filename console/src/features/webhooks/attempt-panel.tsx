// One attempt: what was sent, what was answered, how long it took, and when it is tried again.

import { Send } from "lucide-react";
import type { ReactNode } from "react";

import { Code } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { DetailPanel } from "../../components/ui/detail-panel";
import { duration } from "../../components/ui/durations";
import { JsonViewer } from "../../components/ui/json-viewer";
import { Facts, Failure, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { exactly } from "../../lib/format";
import { Outcome } from "./attempt-list";
import type { Attempt } from "./client";
import { useRead, useWebhooks } from "./context";
import { At } from "./frame";
import { useBulkResend } from "./resend";

export function AttemptPanel({ id, attempt, isReading }: { id: string; attempt?: Attempt; isReading: boolean }) {
  const { can, places } = useWebhooks();
  const resend = useBulkResend();
  if (!attempt) {
    return (
      <DetailPanel title="Attempt">
        {isReading ? (
          <Skeleton lines={6} />
        ) : (
          <p className="text-quiet p-4">
            The attempt <Code>{id}</Code> is not among those that have been read. Older ones appear as the list is
            scrolled.
          </p>
        )}
      </DetailPanel>
    );
  }
  return (
    <DetailPanel
      title={attempt.msg?.eventType ?? "Attempt"}
      badges={<Outcome attempt={attempt} />}
      page={places.message(attempt.msgId).to}
      actions={
        can("CreateAttempts") && (
          <Button
            size="sm"
            busy={resend.isPending}
            onClick={() => resend.mutate([{ message: attempt.msgId, endpoint: attempt.endpointId }])}
          >
            <Send aria-hidden className="size-3.5" />
            Resend
          </Button>
        )
      }
    >
      <AttemptDetails attempt={attempt} />
    </DetailPanel>
  );
}

function AttemptDetails({ attempt }: { attempt: Attempt }) {
  const { places } = useWebhooks();
  const message = useRead(["message", attempt.msgId], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/msg/{message}", { params: { path: { app, message: attempt.msgId } } }),
  );
  const destinations = useRead(["message", attempt.msgId, "endpoints"], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/msg/{message}/endpoint", {
      params: { path: { app, message: attempt.msgId }, query: { limit: 250 } },
    }),
  );
  const headers = useRead(["endpoint", attempt.endpointId, "headers"], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/headers", {
      params: { path: { app, endpoint: attempt.endpointId } },
    }),
  );
  const transformation = useRead(["endpoint", attempt.endpointId, "transformation"], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/transformation", {
      params: { path: { app, endpoint: attempt.endpointId } },
    }),
  );
  const next = destinations.data?.data.find(({ id }) => id === attempt.endpointId)?.nextAttempt;
  const isFailed = attempt.statusText === "fail";
  const own = [
    ...Object.entries(headers.data?.headers ?? {}),
    ...(headers.data?.sensitive ?? []).map((name) => [name, "••••••"] as const),
  ];
  return (
    <>
      <Facts
        of={[
          ["When", <Moment key="when" at={attempt.timestamp} />],
          ["Took", duration(attempt.responseDurationMs)],
          ["Trigger", attempt.triggerType === 1 ? "by hand" : "schedule"],
          ...(isFailed
            ? [["Next attempt", next ? <Moment key="next" at={next} /> : "none"] as [string, ReactNode]]
            : []),
          [
            "Message",
            <Id
              key="message"
              id={attempt.msgId}
              link={
                <At place={places.message(attempt.msgId)} className="text-bronze hover:underline">
                  Open
                </At>
              }
            />,
          ],
          ["Attempt", <Id key="attempt" id={attempt.id} />],
        ]}
      />
      <Part title="Request">
        <p className="font-mono text-xs break-all">POST {attempt.url}</p>
        <Headers label="Headers that were signed" of={signedHeaders(attempt)} />
        {own.length > 0 && <Headers label="Headers of this endpoint" of={own} />}
        {message.isPending && <Skeleton />}
        <Failure error={message.error} onRetry={() => void message.refetch()} />
        {message.data && <JsonViewer label="Request body" value={message.data.payload} maxHeight={320} />}
        <p className="text-quiet text-xs">
          {transformation.data ? BODY[transformation.data.enabled ? "transformed" : "unchanged"] : BODY.unknown}
        </p>
      </Part>
      <Part title="Response">
        <Outcome attempt={attempt} />
        <JsonViewer label="Response body" value={attempt.response} maxHeight={320} />
      </Part>
    </>
  );
}

/** The relation of the body that is shown to the one that was sent. */
const BODY = {
  unchanged:
    "The body is the message’s payload, sent unchanged and signed with the headers above; an endpoint that takes batches gets a list of payloads. The signature is not kept.",
  transformed:
    "This is the message’s payload. The endpoint has a transformation: what it made of the payload was signed with the headers above and sent, and is not kept.",
  unknown: "The message as it was accepted; a transformation of the endpoint may have changed it.",
};

/** The id and the time that are signed together with the body; each is sent under a second name too. */
function signedHeaders({ msgId, timestamp }: Attempt): [name: string, value: string][] {
  return [
    ["svix-id", msgId],
    ["svix-timestamp", String(Math.floor(Date.parse(timestamp) / 1000))],
  ];
}

function Headers({ label, of }: { label: string; of: (readonly [name: string, value: string])[] }) {
  return (
    <dl className="text-xs" aria-label={label}>
      {of.map(([name, value]) => (
        <div key={name} className="font-mono break-all">
          <dt className="text-quiet inline">{name}: </dt>
          <dd className="inline">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-line grid gap-2 border-t p-4">
      <h3 className="font-semibold">{title}</h3>
      {children}
    </section>
  );
}

function Moment({ at }: { at: string }) {
  return (
    <>
      {exactly(at)} <Time at={at} />
    </>
  );
}

function Id({ id, link }: { id: string; link?: ReactNode }) {
  return (
    <span className="flex flex-wrap items-center gap-1">
      <Code>{id}</Code>
      <CopyButton iconOnly text={id} label="Copy id" />
      {link}
    </span>
  );
}
