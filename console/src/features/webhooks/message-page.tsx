// One message: what it says, and how it stands with it at each endpoint.

import { ArrowLeft } from "lucide-react";

import { Chip, Empty, Panel, Skeleton, Time } from "../../components/ui";
import { Resend } from "./attempt-list";
import type { Attempt, Destination, Message, Page } from "./client";
import { useRead } from "./context";
import { Code, Copied, Failure, Heading, Outcome } from "./parts";
import { Go, places, usePart } from "./places";

export function MessagePage() {
  const id = usePart("message");
  const message = useRead<Message>(`/msg/${id}`);
  const destinations = useRead<Page<Destination>>(`/msg/${id}/endpoint`, { every: 5_000 });
  const attempts = useRead<Page<Attempt>>(`/attempt/msg/${id}?limit=50`, { every: 5_000 });
  if (message.isPending) return <Skeleton />;
  if (message.isError) return <Failure error={message.error} />;
  const it = message.data;
  const payload = JSON.stringify(it.payload, null, 2);
  return (
    <>
      <Go to={places.messages} className="text-quiet hover:text-ink mb-2 inline-flex items-center gap-1">
        <ArrowLeft className="size-4" /> All messages
      </Go>
      <Heading title={it.eventType} note={<span className="font-mono text-xs break-all">{it.id}</span>}>
        {it.tags?.map((tag) => <Chip key={tag}>{tag}</Chip>)}
        <Time at={it.timestamp} />
      </Heading>
      <div className="grid gap-4">
        <Panel title="Payload" note={<Copied text={payload} what="the payload" />}>
          <Code label="Payload" text={payload} />
        </Panel>
        <Panel title="Endpoints">
          {destinations.data?.data.length === 0 && <Empty>It went to no endpoint.</Empty>}
          <ul className="divide-line divide-y">
            {destinations.data?.data.map((endpoint) => (
              <li key={endpoint.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
                <span className="basis-20"><Outcome word={endpoint.statusText} /></span>
                <Go to={places.endpoint(endpoint.id)} className="min-w-48 flex-1 truncate hover:underline">{endpoint.url}</Go>
                {endpoint.nextAttempt && <span className="text-quiet text-xs">tried again <Time at={endpoint.nextAttempt} /></span>}
                <Resend message={it.id} endpoint={endpoint.id} />
              </li>
            ))}
          </ul>
        </Panel>
        <Panel title="Attempts">
          {attempts.data?.data.length === 0 && <Empty>None yet.</Empty>}
          <ul className="divide-line divide-y">
            {attempts.data?.data.map((attempt) => (
              <li key={attempt.id}>
                <details>
                  <summary className="flex cursor-pointer flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
                    <span className="basis-28"><Outcome word={attempt.statusText} code={attempt.responseStatusCode} /></span>
                    <span className="min-w-48 flex-1 truncate">{attempt.url}</span>
                    {attempt.triggerType === 1 && <Chip>by hand</Chip>}
                    <span className="text-quiet text-xs tabular-nums">{attempt.responseDurationMs} ms</span>
                    <Time at={attempt.timestamp} />
                  </summary>
                  <Code label="Answer" text={attempt.response} />
                </details>
              </li>
            ))}
          </ul>
        </Panel>
      </div>
    </>
  );
}
