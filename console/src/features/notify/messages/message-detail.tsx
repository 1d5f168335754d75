// One message: what was really sent, what became of it, and where it came from.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import type { ReactNode } from "react";

import { Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { CopyButton } from "../../../components/ui/copy-button";
import { cx } from "../../../components/ui/cx";
import { Go } from "../../../components/ui/go";
import { JsonViewer } from "../../../components/ui/json-viewer";
import { Empty, Facts, Failure, Skeleton } from "../../../components/ui/page";
import { Tabs } from "../../../components/ui/tabs";
import { Time } from "../../../components/ui/time";
import { Timeline } from "../../../components/ui/timeline";
import { done } from "../../../components/ui/toast";
import { ApiError, api, data } from "../../../lib/api";
import { asObject, asText } from "../../../lib/json";
import { CHANNEL_NAMES } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { useWorkflowNames } from "../../../lib/workflow-names";
import { RecipientLink, TenantLink } from "../parts/recipient";
import { Rendered } from "../parts/rendered";
import { type Message, snapshotName } from "./messages-list";
import { canRetry, entriesOf, failed, reasonOf } from "./timeline";

const pathOf = (id: string) => ({ params: { path: { id } } });
/** For so long it may still be on its way. */
const isMoving = (status: string | undefined) => status === "queued" || status === "delivery_attempted";

export const useMessage = (id: string) =>
  useQuery({
    queryKey: ["notification", "message", id],
    queryFn: () => data(api.GET("/v1/messages/{id}", pathOf(id))),
    refetchInterval: ({ state }) => (isMoving(state.data?.status) ? 1_000 : false),
  });

export function useMessageHead(id: string): { title: string; badges: ReactNode } {
  const { data: message } = useMessage(id);
  const names = useWorkflowNames();
  if (!message) return { title: "Message", badges: undefined };
  const key = message.source.key;
  return {
    title: key === "test" ? "Test message" : (names[key] ?? key),
    badges: (
      <>
        <Status word={message.status} />
        {message.engagement_statuses.map((word) => (
          <Status key={word} word={word} />
        ))}
      </>
    ),
  };
}

export function Retry({ id }: { id: string }) {
  const message = useMessage(id);
  const queries = useQueryClient();
  const retry = useMutation({
    mutationFn: () => data(api.POST("/v1/messages/{id}/retry", pathOf(id))),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["notification"] });
      done("The message is on its way again.");
    },
  });
  if (!message.data || !canRetry(message.data.status)) return null;
  return (
    <>
      <Button size="sm" busy={retry.isPending} onClick={() => retry.mutate()}>
        <RotateCcw aria-hidden className="size-3.5" />
        Send again
      </Button>
      {retry.error && (
        <span role="alert" className="text-bad text-xs">
          {retry.error.message}
        </span>
      )}
    </>
  );
}

export function MessageDetail({ id }: { id: string }) {
  const message = useMessage(id);
  if (message.isPending) return <Skeleton lines={8} />;
  if (message.isError) return <Unreadable error={message.error} onRetry={() => void message.refetch()} />;
  const it = message.data;
  return (
    <div className="min-w-0 p-4">
      <Reason message={it} />
      <Tabs
        label="Parts of the message"
        name="part"
        tabs={[
          { key: "sent", title: "Content", content: <Content message={it} /> },
          { key: "timeline", title: "Timeline", content: <History message={it} /> },
          { key: "data", title: "Data", content: <DataShown message={it} /> },
          { key: "logs", title: "Delivery log", content: <Logs id={id} /> },
        ]}
      />
      <div className="border-line -mx-4 mt-4 border-t">
        <About message={it} />
      </div>
    </div>
  );
}

/** Whoever configures reads what users are told; what another member is told, nobody else reads. */
function Unreadable({ error, onRetry }: { error: Error; onRetry: () => void }) {
  if (error instanceof ApiError && error.status === 403) {
    return (
      <p role="alert" className="p-4">
        This message was sent to another member, or your role does not open it. Members read their own messages; owners
        and managers also read those of users and objects.
      </p>
    );
  }
  return <Failure error={error} onRetry={onRetry} />;
}

function About({ message }: { message: Message }) {
  const { source, channel, tenant } = message;
  const names = useWorkflowNames();
  return (
    <Facts
      of={[
        ["Recipient", <RecipientLink key="r" reference={message.recipient} name={snapshotName(message)} />],
        [
          "Channel",
          channel ? (
            <Go key="c" to={paths.channel(channel.key)} className="text-bronze hover:underline">
              {channel.name}
            </Go>
          ) : (
            "It was removed"
          ),
        ],
        ...(channel
          ? [["Kind", `${CHANNEL_NAMES[channel.type] ?? channel.type}, by ${channel.provider}`] as [string, ReactNode]]
          : []),
        ...(source.key === "test"
          ? []
          : [
              [
                "Workflow",
                <Go
                  key="w"
                  to={paths.workflow(source.key)}
                  search={{ step: source.step_ref ?? undefined }}
                  className="text-bronze hover:underline"
                >
                  {names[source.key] ?? source.key}
                  {source.step_ref && `, step ${source.step_ref}`}
                </Go>,
              ] as [string, ReactNode],
            ]),
        ...(source.workflow_recipient_run_id
          ? [
              [
                "Run",
                <Go
                  key="run"
                  to={paths.notifyRun(source.workflow_recipient_run_id)}
                  className="text-bronze hover:underline"
                >
                  Open the run
                </Go>,
              ] as [string, ReactNode],
            ]
          : []),
        ...(tenant ? [["Tenant", <TenantLink key="t" id={tenant} />] as [string, ReactNode]] : []),
        ...message.actors.map(
          (actor, index) =>
            [index === 0 ? "Actors" : "", <RecipientLink key="a" reference={actor} />] as [string, ReactNode],
        ),
        ["Made", <Time key="at" at={message.inserted_at} className="text-sm" />],
        ...(message.scheduled_at
          ? [["Scheduled", <Time key="s" at={message.scheduled_at} className="text-sm" />] as [string, ReactNode]]
          : []),
        [
          "Id",
          <span key="id" className="flex items-center gap-1">
            <code className="truncate font-mono text-xs">{message.id}</code>
            <CopyButton iconOnly text={message.id} label="Copy the id" />
          </span>,
        ],
      ]}
    />
  );
}

const ADDRESSES: [name: string, title: string][] = [
  ["from", "From"],
  ["to", "To"],
  ["cc", "Cc"],
  ["bcc", "Bcc"],
  ["reply_to", "Reply to"],
  ["token", "Device"],
];

function Content({ message }: { message: Message }) {
  const content = useQuery({
    queryKey: ["message-content", message.id],
    queryFn: () => data(api.GET("/v1/messages/{id}/content", pathOf(message.id))),
  });
  if (content.isPending) return <Skeleton lines={6} />;
  if (content.isError) return <Failure error={content.error} onRetry={() => void content.refetch()} />;
  const sent = asObject(content.data.data);
  const addresses = ADDRESSES.flatMap(([name, title]) => {
    const text = asText(sent[name]);
    return text ? [[title, text] as [string, ReactNode]] : [];
  });
  if (Object.keys(sent).length <= 1) return <Empty>It could not be rendered, so nothing was sent.</Empty>;
  return (
    <div className="grid min-w-0 gap-3">
      {addresses.length > 0 && (
        <div className="-m-4">
          <Facts of={addresses} />
        </div>
      )}
      <Rendered content={sent} />
    </div>
  );
}

const useEvents = (message: Message, enabled = true) =>
  useQuery({
    queryKey: ["notification", "message-events", message.id, message.status, message.engagement_statuses.join()],
    queryFn: () =>
      data(api.GET("/v1/messages/{id}/events", { params: { path: { id: message.id }, query: { page_size: 50 } } })),
    enabled,
  });

/** Why a message did not arrive, above all tabs. */
function Reason({ message }: { message: Message }) {
  const isAstray = failed(message.status);
  const events = useEvents(message, isAstray);
  const entry = isAstray && events.data ? reasonOf(events.data.items) : undefined;
  if (!entry) return null;
  return (
    <div
      role="status"
      className={cx(
        "mb-4 rounded-md border px-3 py-2",
        entry.tone === "bad" ? "border-bad/40 bg-bad-tint" : "border-warn/40 bg-warn-tint",
      )}
    >
      <p className={cx("font-medium", entry.tone === "bad" ? "text-bad" : "text-warn")}>
        {entry.title} <Time at={entry.at} />
      </p>
      <p className="mt-0.5 wrap-anywhere">{entry.reason}</p>
    </div>
  );
}

function History({ message }: { message: Message }) {
  const events = useEvents(message);
  if (events.isPending) return <Skeleton lines={4} />;
  if (events.isError) return <Failure error={events.error} onRetry={() => void events.refetch()} />;
  return (
    <Timeline
      label="What happened"
      entries={entriesOf(events.data.items).map(({ reason, rest, ...entry }) => ({
        ...entry,
        detail: (reason || rest) && (
          <>
            {reason}
            {rest && (
              <details className="mt-1">
                <summary className="cursor-pointer text-xs">Details</summary>
                <JsonViewer label="Details" value={rest} maxHeight={200} />
              </details>
            )}
          </>
        ),
      }))}
    />
  );
}

function DataShown({ message }: { message: Message }) {
  const activities = useQuery({
    queryKey: ["message-activities", message.id],
    queryFn: () =>
      data(api.GET("/v1/messages/{id}/activities", { params: { path: { id: message.id }, query: { page_size: 50 } } })),
  });
  return (
    <div className="grid min-w-0 gap-4">
      <section className="grid gap-2">
        <h3 className="font-medium">Trigger data</h3>
        <JsonViewer label="Trigger data" value={message.data ?? {}} />
      </section>
      {activities.isError && <Failure error={activities.error} />}
      {activities.data && activities.data.items.length > 1 && (
        <section className="grid gap-2">
          <h3 className="font-medium">Gathered activities ({activities.data.items.length})</h3>
          <JsonViewer
            label="Activities"
            value={activities.data.items.map(({ data, actor, inserted_at }) => ({
              inserted_at,
              actor: actor?.id,
              data,
            }))}
          />
        </section>
      )}
      <section className="grid gap-2">
        <h3 className="font-medium">Recipient, when it was made</h3>
        <JsonViewer label="Recipient" value={message.recipient_snapshot} />
      </section>
      {message.metadata && (
        <section className="grid gap-2">
          <h3 className="font-medium">Metadata</h3>
          <JsonViewer label="Metadata" value={message.metadata} />
        </section>
      )}
    </div>
  );
}

function Logs({ id }: { id: string }) {
  const logs = useQuery({
    queryKey: ["notification", "delivery-logs", id],
    queryFn: () => data(api.GET("/v1/messages/{id}/delivery_logs", pathOf(id))),
  });
  if (logs.isPending) return <Skeleton lines={4} />;
  if (logs.isError) return <Failure error={logs.error} onRetry={() => void logs.refetch()} />;
  if (logs.data.items.length === 0)
    return (
      <p className="text-quiet">
        No request was logged: the message was carried without HTTP, or it was shown in the feed.
      </p>
    );
  return (
    <ol className="grid gap-4">
      {logs.data.items.map((log) => (
        <li key={log.id} className="grid gap-2">
          <p className="flex items-baseline gap-2">
            <span className="font-medium">{log.service_name}</span>
            <Time at={log.inserted_at} />
          </p>
          <JsonViewer label="Request" value={log.request} maxHeight={240} />
          <JsonViewer label="Response" value={log.response} maxHeight={240} />
        </li>
      ))}
    </ol>
  );
}
