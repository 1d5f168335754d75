// The attempts at an endpoint, newest first, and each attempt beside the list.

import { Send } from "lucide-react";

import { Badge, Code, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { WithPanel } from "../../components/ui/detail-panel";
import { duration } from "../../components/ui/durations";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { EmptyState } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { AttemptPanel } from "./attempt-panel";
import type { Attempt } from "./client";
import { OFTEN, useEventTypes, useSvixList, useWebhooks } from "./context";
import { between, eventTypesFilter } from "./filters";
import { ListArea } from "./frame";
import { useBulkResend } from "./resend";

const STATUS = [
  { value: "0", title: "Delivered" },
  { value: "2", title: "Failed" },
  { value: "4", title: "Cancelled" },
];
const CLASSES = ["100", "200", "300", "400", "500"].map((value) => ({ value, title: `${value[0]}xx` }));

const COLUMNS: Column<Attempt>[] = [
  {
    key: "result",
    title: "Result",
    cell: (it) => <Outcome attempt={it} />,
    text: (it) => it.statusText,
    width: "9rem",
  },
  {
    key: "type",
    title: "Event",
    cell: (it) => <span className="font-medium">{it.msg?.eventType ?? "–"}</span>,
    text: (it) => it.msg?.eventType,
    width: "minmax(10rem, 2fr)",
    phone: "first",
  },
  {
    key: "message",
    title: "Message",
    cell: (it) => <code className="text-quiet font-mono text-xs">{it.msgId}</code>,
    text: (it) => it.msgId,
    width: "minmax(10rem, 2fr)",
    phone: "none",
  },
  {
    key: "trigger",
    title: "Trigger",
    cell: (it) => (it.triggerType === 1 ? <Badge>by hand</Badge> : <span className="text-quiet">schedule</span>),
    text: (it) => (it.triggerType === 1 ? "by hand" : "schedule"),
    width: "6rem",
    phone: "none",
  },
  {
    key: "took",
    title: "Took",
    cell: (it) => duration(it.responseDurationMs),
    text: (it) => it.responseDurationMs,
    width: "5rem",
    align: "end",
  },
  {
    key: "at",
    title: "When",
    cell: (it) => <Time at={it.timestamp} />,
    text: (it) => it.timestamp,
    width: "7rem",
    align: "end",
  },
];

export function AttemptList({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  const types = useEventTypes();
  const filters: Filter[] = [
    { key: "status", title: "Result", kind: "choice", options: STATUS },
    { key: "class", title: "Answer", kind: "choice", options: CLASSES },
    eventTypesFilter(types.data),
    { key: "channel", title: "Channel", kind: "text" },
    { key: "tag", title: "Tag", kind: "text" },
    { key: "after", title: "After", kind: "time" },
    { key: "before", title: "Before", kind: "time" },
  ];
  const { set, isFiltered } = useFilters(filters);
  const number = (text?: string) => (text ? Number(text) : undefined);
  const list = useSvixList<Attempt>(
    ["attempts", endpoint, JSON.stringify(set)],
    ({ svix, app }, iterator) => {
      const asked = {
        status: number(set.status),
        status_code_class: number(set.class),
        channel: set.channel,
        tag: set.tag,
        event_types: set.type ? [set.type] : undefined,
      };
      const query = {
        limit: 50,
        iterator,
        with_content: true,
        with_msg: true,
        ...asked,
        ...between(set.after, set.before),
      };
      return svix.GET("/api/v1/app/{app}/attempt/endpoint/{endpoint}", { params: { path: { app, endpoint }, query } });
    },
    { every: OFTEN },
  );
  const resend = useBulkResend();
  return (
    <ListArea>
      <FilterBar name="attempts" filters={filters} />
      <WithPanel
        panel={(id) => (
          <AttemptPanel id={id} attempt={list.rows.find((one) => one.id === id)} isReading={list.isPending} />
        )}
      >
        <DataTable
          name="attempts"
          label="Attempts"
          list={list}
          columns={COLUMNS}
          idOf={({ id }) => id}
          titleOf={({ msg, msgId }) => `${msg?.eventType ?? "message"} ${msgId}`}
          isFiltered={isFiltered}
          actions={
            can("CreateAttempts")
              ? (rows, clear) => (
                  <Button
                    size="sm"
                    busy={resend.isPending}
                    onClick={() =>
                      resend.mutate(
                        rows.map(({ msgId, endpointId }) => ({ message: msgId, endpoint: endpointId })),
                        { onSuccess: clear },
                      )
                    }
                  >
                    <Send aria-hidden className="size-3.5" />
                    Resend
                  </Button>
                )
              : undefined
          }
          empty={
            <EmptyState icon={<Send />} title="No attempts yet">
              Each message that is sent to this endpoint is seen here, with what was answered.
            </EmptyState>
          }
        />
      </WithPanel>
    </ListArea>
  );
}

/** How an attempt ended, with the code of the answer. */
export function Outcome({ attempt }: { attempt: Pick<Attempt, "statusText" | "responseStatusCode"> }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <Status
        word={attempt.statusText === "success" ? "delivered" : attempt.statusText === "fail" ? "failed" : "cancelled"}
      />
      {attempt.responseStatusCode > 0 && <Code>{attempt.responseStatusCode}</Code>}
    </span>
  );
}
