// The newest of everything, as it happens.

import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Badge, Score, Status } from "../../components/ui/badge";
import { Go } from "../../components/ui/go";
import { Empty, Failure, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { useAttempts, useNotifications, useWorkspace } from "../../lib/api";
import { CHANNEL_NAMES } from "../../lib/knock";
import { actorOf, readTitle } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useLatestDeliveries } from "../../lib/sources";
import { useWorkspaceId } from "../../lib/url";
import { useSignificant } from "./reading";

export function Significant() {
  const threshold = useWorkspace()?.notify_threshold ?? 70;
  const observations = useSignificant(threshold);
  const all = (
    <Go to={paths.observations} className="text-bronze text-xs hover:underline">
      All observations
    </Go>
  );
  return (
    <Panel title="Significant observations" note={`from ${threshold} of 100 on`} actions={all}>
      <Rows
        query={observations}
        of={(data) => data}
        empty={`Nothing of significance ${threshold} or more has been observed yet.`}
      >
        {(it) => {
          const { kind, text } = readTitle(it);
          return (
            <Line
              key={it.id}
              kind="observation"
              to={paths.observation(it.id)}
              lead={<Score value={it.significance} threshold={threshold} />}
              title={text}
              side={<Time at={it.occurred_at} />}
              note={[providerName(it.provider), kind, actorOf(it)?.name].filter(Boolean).join(" · ")}
            />
          );
        }}
      </Rows>
    </Panel>
  );
}

const MOST = 6;

export function Latest() {
  const workspace = useWorkspaceId();
  return (
    <div className="grid items-start gap-4 lg:grid-cols-3">
      <Panel title="Deliveries" actions={<All to={paths.deliveries} />}>
        <Rows query={useLatestDeliveries()} of={(data) => data.slice(0, MOST)} empty="No delivery has come in yet.">
          {(it) => (
            <Line
              key={it.id}
              kind="delivery"
              to={paths.deliveries}
              search={{ open: it.id }}
              title={`${providerName(it.provider)} ${it.event}`}
              side={<Status word={it.status} />}
              note={it.reason ?? <Time at={it.received_at} />}
            />
          )}
        </Rows>
      </Panel>
      <Panel title="Notifications" actions={<All to={paths.messages} />}>
        <Rows
          query={useNotifications(workspace)}
          of={({ data }) => data.slice(0, MOST)}
          empty="Nobody has been notified of anything yet."
        >
          {(it) => (
            <Line
              key={it.id}
              kind="notification"
              to={paths.message(it.id)}
              title={it.subject || `${it.workflow}, to another member`}
              side={<Status word={it.status} />}
              note={
                it.error ?? (
                  <span className="flex gap-2">
                    <Badge>{CHANNEL_NAMES[it.channel] ?? it.channel}</Badge>
                    <Time at={it.inserted_at} />
                  </span>
                )
              }
            />
          )}
        </Rows>
      </Panel>
      <Panel title="Webhook attempts" actions={<All to={paths.application(workspace)} />}>
        <Rows
          query={useAttempts(workspace)}
          of={({ data }) => data.slice(0, MOST)}
          empty="No webhook has been sent yet."
        >
          {(it) => (
            <Line
              key={it.id}
              kind="attempt"
              to={paths.webhookMessage(workspace, it.msgId)}
              title={it.url}
              side={<Status word={it.statusText} />}
              note={
                <span className="flex gap-2 tabular-nums">
                  {it.responseStatusCode || "no answer"}
                  <span>{it.responseDurationMs} ms</span>
                  <Time at={it.timestamp} />
                </span>
              }
            />
          )}
        </Rows>
      </Panel>
    </div>
  );
}

const All = ({ to }: { to: string }) => (
  <Go to={to} className="text-bronze text-xs hover:underline">
    All
  </Go>
);

type RowsProps<D, T> = {
  query: UseQueryResult<D>;
  of: (data: D) => T[];
  empty: string;
  children: (item: T) => ReactNode;
};

function Rows<D, T>({ query, of, empty, children }: RowsProps<D, T>) {
  if (query.isPending) return <Skeleton lines={5} />;
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  const items = of(query.data);
  return items.length === 0 ? <Empty>{empty}</Empty> : <ol className="divide-line divide-y">{items.map(children)}</ol>;
}

type LineProps = {
  kind: string;
  to: string;
  search?: Record<string, string>;
  lead?: ReactNode;
  title: string;
  side: ReactNode;
  note: ReactNode;
};

function Line({ kind, to, search, lead, title, side, note }: LineProps) {
  return (
    <li className="arrives" data-kind={kind}>
      <Go to={to} search={search} className="focus-inside hover:bg-sunken flex items-start gap-3 px-4 py-2">
        {lead}
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-2">
            <span className="min-w-0 flex-1 truncate font-medium">{title}</span>
            {side}
          </span>
          <span className="text-quiet block truncate text-xs">{note}</span>
        </span>
      </Go>
    </li>
  );
}
