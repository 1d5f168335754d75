// Messages as a table: all of them, or those of a channel, a recipient or a run.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Archive, CheckCheck, Eye } from "lucide-react";
import type { ReactNode } from "react";

import { Badge, Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { type Column, DataTable } from "../../../components/ui/data-table";
import { useGo } from "../../../components/ui/go";
import { Time } from "../../../components/ui/time";
import { done, notDone } from "../../../components/ui/toast";
import { api, data, type Schemas } from "../../../lib/api";
import { asText } from "../../../lib/json";
import { CHANNEL_NAMES } from "../../../lib/knock";
import { useList } from "../../../lib/list";
import { paths } from "../../../lib/paths";
import { useWorkflowNames } from "../../../lib/workflow-names";
import { RecipientName, type Reference, TENANTS, wordOf } from "../parts/recipient";
import { dataFilter } from "./timeline";

export type Message = Schemas["KnockMessage"];

export type MessageFilter = {
  status?: string;
  engagement?: string;
  channel?: string;
  workflow?: string;
  tenant?: string;
  data?: string;
  run?: string;
  after?: string;
  before?: string;
};

export const STATUSES = [
  "queued",
  "sent",
  "delivered",
  "delivery_attempted",
  "undelivered",
  "not_sent",
  "bounced",
] as const;
export const ENGAGEMENTS = [
  "seen",
  "unseen",
  "read",
  "unread",
  "interacted",
  "link_clicked",
  "archived",
  "unarchived",
] as const;

const among = <T extends string>(all: readonly T[], word: string | undefined): T[] => all.filter((one) => one === word);

function queryOf(filter: MessageFilter, cursor: string | undefined) {
  const { status, engagement, channel, workflow, tenant, run, after, before } = filter;
  const found = dataFilter(filter.data);
  const statuses = among(STATUSES, status);
  const engagements = among(ENGAGEMENTS, engagement);
  return {
    page_size: 50,
    ...(statuses.length > 0 && { "status[]": statuses }),
    ...(engagements.length > 0 && { "engagement_status[]": engagements }),
    ...(channel && { channel_id: channel }),
    ...(workflow && { source: [workflow] }),
    ...(tenant && { tenant }),
    ...(found && { trigger_data: found }),
    ...(run && { workflow_recipient_run_id: run }),
    ...(after && { "inserted_at.gte": after }),
    ...(before && { "inserted_at.lte": before }),
    ...(cursor && { after: cursor }),
  };
}

function read(recipient: Reference | undefined, query: ReturnType<typeof queryOf>) {
  if (recipient === undefined) return data(api.GET("/v1/messages", { params: { query } }));
  if (typeof recipient === "string")
    return data(api.GET("/v1/users/{user}/messages", { params: { path: { user: recipient }, query } }));
  return data(api.GET("/v1/objects/{collection}/{id}/messages", { params: { path: recipient, query } }));
}

export function useMessages(filter: MessageFilter, recipient?: Reference) {
  return useList<Message>({
    key: ["notification", "messages", recipient && wordOf(recipient), JSON.stringify(filter)],
    page: async (cursor) => {
      const { items, page_info } = await read(recipient, queryOf(filter, cursor));
      return { items, next: page_info.after };
    },
    idOf: ({ id }) => id,
    live: ["notification"],
    every: 5_000,
  });
}

/** The name that a message's recipient had when it was made. */
export const snapshotName = ({ recipient_snapshot }: Message) =>
  asText(recipient_snapshot?.name) ?? asText(recipient_snapshot?.email);

function Engagement({ of }: { of: Message }) {
  const last = of.engagement_statuses.at(-1);
  return last ? <Badge tone="good">{last.replaceAll("_", " ")}</Badge> : <span className="text-quiet">None</span>;
}

function WorkflowName({ of }: { of: Message }) {
  const names = useWorkflowNames();
  const key = of.source.key;
  return (
    <span title={key} className="truncate">
      {names[key] ?? (key === "test" ? "Test message" : key)}
    </span>
  );
}

const columns = (without: string[]): Column<Message>[] =>
  [
    {
      key: "recipient",
      title: "Recipient",
      cell: (it: Message) => (
        <span className="font-medium">
          <RecipientName reference={it.recipient} name={snapshotName(it)} />
        </span>
      ),
      text: (it: Message) => snapshotName(it) ?? wordOf(it.recipient),
      width: "minmax(9rem, 2fr)",
    },
    {
      key: "status",
      title: "Status",
      cell: (it: Message) => <Status word={it.status} />,
      text: (it: Message) => it.status,
      width: "8.5rem",
      phone: "first" as const,
    },
    {
      key: "workflow",
      title: "Workflow",
      cell: (it: Message) => <WorkflowName of={it} />,
      text: (it: Message) => it.source.key,
      width: "minmax(9rem, 2fr)",
    },
    {
      key: "channel",
      title: "Channel",
      cell: (it: Message) => (
        <span title={it.channel?.key}>
          {it.channel?.name ?? CHANNEL_NAMES[it.channel?.type ?? ""] ?? "Removed channel"}
        </span>
      ),
      text: (it: Message) => it.channel?.key,
      width: "minmax(7rem, 1fr)",
    },
    {
      key: "engagement",
      title: "Engagement",
      cell: (it: Message) => <Engagement of={it} />,
      text: (it: Message) => it.engagement_statuses.join(" "),
      width: "7rem",
      phone: "none" as const,
    },
    {
      key: "tenant",
      title: "Tenant",
      cell: (it: Message) =>
        it.tenant ? (
          <RecipientName reference={{ collection: TENANTS, id: it.tenant }} />
        ) : (
          <span className="text-quiet">None</span>
        ),
      text: (it: Message) => it.tenant,
      optional: true,
      phone: "none" as const,
    },
    {
      key: "step",
      title: "Step",
      cell: (it: Message) => it.source.step_ref,
      text: (it: Message) => it.source.step_ref,
      optional: true,
      phone: "none" as const,
    },
    {
      key: "at",
      title: "Made",
      cell: (it: Message) => <Time at={it.inserted_at} />,
      text: (it: Message) => it.inserted_at,
      width: "6.5rem",
      align: "end" as const,
    },
  ].filter(({ key }) => !without.includes(key));

type MessagesTableProps = {
  name: string;
  filter: MessageFilter;
  recipient?: Reference;
  without?: string[];
  isFiltered?: boolean;
  panel?: boolean;
  empty: ReactNode;
};

export function MessagesTable({
  name,
  filter,
  recipient,
  without = [],
  isFiltered = false,
  panel = false,
  empty,
}: MessagesTableProps) {
  const list = useMessages(filter, recipient);
  const go = useGo();
  return (
    <DataTable
      name={name}
      label="Messages"
      list={list}
      columns={columns(without)}
      idOf={({ id }) => id}
      titleOf={(it) => `the message to ${snapshotName(it) ?? wordOf(it.recipient)}`}
      isFiltered={isFiltered}
      actions={(rows, clear) => <BulkActions rows={rows} clear={clear} />}
      {...(!panel && { onOpen: ({ id }: Message) => void go(paths.message(id)) })}
      empty={empty}
    />
  );
}

type Mark = "archived" | "unarchived" | "read" | "unread" | "seen" | "unseen";
const BACK: Record<Mark, Mark> = {
  archived: "unarchived",
  unarchived: "archived",
  read: "unread",
  unread: "read",
  seen: "unseen",
  unseen: "seen",
};
const DONE: Record<Mark, string> = {
  archived: "archived",
  unarchived: "taken out of the archive",
  read: "marked as read",
  unread: "marked as unread",
  seen: "marked as seen",
  unseen: "marked as not seen",
};

function BulkActions({ rows, clear }: { rows: Message[]; clear: () => void }) {
  const queries = useQueryClient();
  const mark = useMutation({
    mutationFn: async ({ mark, ids }: { mark: Mark; ids: string[]; isUndo?: boolean }) => {
      // The API takes fifty at once.
      for (let at = 0; at < ids.length; at += 50) {
        await data(
          api.POST("/v1/messages/batch/{mark}", {
            params: { path: { mark } },
            body: { message_ids: ids.slice(at, at + 50) },
          }),
        );
      }
    },
    onSuccess: (_, { mark: made, ids, isUndo }) => {
      void queries.invalidateQueries({ queryKey: ["list", "notification"] });
      void queries.invalidateQueries({ queryKey: ["notification"] });
      if (isUndo) return done("Taken back.");
      clear();
      done(`${ids.length} ${ids.length === 1 ? "message is" : "messages are"} ${DONE[made]}.`, () =>
        mark.mutate({ mark: BACK[made], ids, isUndo: true }),
      );
    },
    onError: (error) => notDone("The messages were not marked.", error),
  });
  const ids = rows.map(({ id }) => id);
  return (
    <>
      <Button size="sm" busy={mark.isPending} onClick={() => mark.mutate({ mark: "archived", ids })}>
        <Archive aria-hidden className="size-3.5" />
        Archive
      </Button>
      <Button size="sm" busy={mark.isPending} onClick={() => mark.mutate({ mark: "read", ids })}>
        <CheckCheck aria-hidden className="size-3.5" />
        Mark as read
      </Button>
      <Button size="sm" busy={mark.isPending} onClick={() => mark.mutate({ mark: "seen", ids })}>
        <Eye aria-hidden className="size-3.5" />
        Mark as seen
      </Button>
    </>
  );
}
