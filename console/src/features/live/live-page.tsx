// The live page: what comes in, what it becomes, and who is told, as it happens.

import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { Chip, Empty, Panel, Score, Skeleton, Status, Time } from "../../components/ui";
import type { Attempt, Delivery, Notification, Observation } from "../../lib/api";
import { useAttempts, useDeliveries, useNotifications, useObservations, useWorkspace } from "../../lib/api";

export function LivePage() {
  const workspace = useWorkspace();
  return workspace ? <Live workspace={workspace.id} /> : null;
}

function Live({ workspace }: { workspace: string }) {
  return (
    <>
      <h1 className="mb-4 text-lg font-semibold">What is happening</h1>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Panel title="Observations" note="newest first">
          <Rows query={useObservations(workspace)} empty={<NothingYet />} row={(item) => <ObservationRow key={item.id} observation={item} />} />
        </Panel>
        <div className="grid gap-4">
          <Panel title="Deliveries" note="what came in">
            <Rows query={useDeliveries(workspace)} empty="No delivery has come in yet." most={8} row={(item) => <DeliveryRow key={item.id} delivery={item} />} />
          </Panel>
          <Panel title="Notifications" note="who was told">
            <Rows query={useNotifications(workspace)} empty="Nobody has been told of anything yet." most={8} row={(item) => <NotificationRow key={item.id} notification={item} />} />
          </Panel>
          <Panel title="Webhook attempts" note="what went out">
            <Rows query={useAttempts(workspace)} empty="No webhook has been sent yet." most={8} row={(item) => <AttemptRow key={item.id} attempt={item} />} />
          </Panel>
        </div>
      </div>
    </>
  );
}

type RowsProps<T> = {
  query: UseQueryResult<{ data: T[] }>;
  empty: ReactNode;
  row: (item: T) => ReactNode;
  most?: number;
};

function Rows<T>({ query, empty, row, most }: RowsProps<T>) {
  if (query.isPending) return <Skeleton />;
  if (query.isError) return <p role="alert" className="text-bad px-4 py-6">{query.error.message}</p>;
  const items = query.data.data.slice(0, most);
  if (items.length === 0) return <Empty>{empty}</Empty>;
  return <ol className="divide-line divide-y">{items.map(row)}</ol>;
}

function NothingYet() {
  return (
    <>
      Nothing has been observed yet. Point a GitHub webhook at the address that the first start printed, or make a
      source with <code className="font-mono">POST /api/sources</code>.
    </>
  );
}

function ObservationRow({ observation }: { observation: Observation }) {
  return (
    <li className="arrives" data-kind="observation">
      <Link to="/observations/$id" params={{ id: observation.id }} className="hover:bg-ground flex gap-3 px-4 py-3">
        <Score value={observation.significance} />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{observation.title}</span>
          <span className="mt-1 flex flex-wrap items-center gap-1.5">
            <Chip>{observation.provider}</Chip>
            <Chip>{observation.category.replaceAll("_", " ")}</Chip>
            <Time at={observation.occurred_at} />
          </span>
        </span>
      </Link>
    </li>
  );
}

function Row({ kind, main, side, note }: { kind: string; main: ReactNode; side: ReactNode; note?: ReactNode }) {
  return (
    <li className="arrives px-4 py-2" data-kind={kind}>
      <span className="flex items-center gap-3">
        <span className="min-w-0 flex-1 truncate">{main}</span>
        {side}
      </span>
      {note && <span className="text-quiet block truncate text-xs">{note}</span>}
    </li>
  );
}

function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const side = (
    <>
      <Status word={delivery.status} />
      <Time at={delivery.received_at} />
    </>
  );
  return <Row kind="delivery" main={`${delivery.provider} ${delivery.event}`} side={side} note={delivery.reason} />;
}

const CHANNELS: Record<string, string> = { in_app_feed: "feed", email: "mail", http: "webhook" };

function NotificationRow({ notification }: { notification: Notification }) {
  const side = (
    <>
      <Chip>{CHANNELS[notification.channel] ?? notification.channel}</Chip>
      <Status word={notification.status} />
    </>
  );
  return <Row kind="notification" main={notification.subject || `${notification.workflow}, to another member`} side={side} note={notification.error} />;
}

function AttemptRow({ attempt }: { attempt: Attempt }) {
  const side = (
    <>
      <Status word={attempt.statusText} />
      <span className="text-quiet text-xs tabular-nums">
        {attempt.responseStatusCode || "–"} · {attempt.responseDurationMs} ms
      </span>
    </>
  );
  return <Row kind="attempt" main={attempt.url} side={side} />;
}
