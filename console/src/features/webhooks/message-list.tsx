// The messages of the application, newest first.

import { MessageSquareText } from "lucide-react";

import { Badge, Status } from "../../components/ui/badge";
import { type Column, DataTable } from "../../components/ui/data-table";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { EmptyState } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { Time } from "../../components/ui/time";
import type { Message } from "./client";
import { OFTEN, useEventTypes, useRead, useSvixList, useWebhooks } from "./context";
import { between, eventTypesFilter } from "./filters";
import { ListArea, useGoAt } from "./frame";
import { standing } from "./standing";

const SEARCH = { key: "content", label: "Payload value begins with" };

const COLUMNS: Column<Message>[] = [
  {
    key: "type",
    title: "Event",
    cell: (it) => <span className="font-medium">{it.eventType}</span>,
    text: (it) => it.eventType,
    width: "minmax(12rem, 3fr)",
  },
  { key: "status", title: "Status", cell: (it) => <MessageStatus id={it.id} />, width: "10rem" },
  {
    key: "id",
    title: "Message",
    cell: (it) => <code className="text-quiet font-mono text-xs">{it.id}</code>,
    text: (it) => it.id,
    width: "minmax(10rem, 2fr)",
    phone: "none",
  },
  {
    key: "event",
    title: "Event id",
    cell: (it) => it.eventId ?? "",
    text: (it) => it.eventId,
    width: "8rem",
    optional: true,
  },
  {
    key: "labels",
    title: "Channels, tags",
    cell: (it) => <Labels message={it} />,
    text: (it) => [...(it.channels ?? []), ...(it.tags ?? [])].join(" "),
    width: "minmax(6rem, 1fr)",
  },
  {
    key: "at",
    title: "When",
    cell: (it) => <Time at={it.timestamp} />,
    text: (it) => it.timestamp,
    width: "7rem",
    align: "end",
    phone: "first",
  },
];

export function MessageList() {
  const { places } = useWebhooks();
  const goAt = useGoAt();
  const types = useEventTypes();
  const filters: Filter[] = [
    eventTypesFilter(types.data),
    { key: "channel", title: "Channel", kind: "text" },
    { key: "tag", title: "Tag", kind: "text" },
    { key: "after", title: "After", kind: "time" },
    { key: "before", title: "Before", kind: "time" },
  ];
  const { set, isFiltered } = useFilters(filters, SEARCH.key);
  const list = useSvixList<Message>(
    ["messages", JSON.stringify(set)],
    ({ svix, app }, iterator) => {
      const asked = {
        limit: 50,
        iterator,
        with_content: false,
        event_types: set.type ? [set.type] : undefined,
        channel: set.channel,
        tag: set.tag,
        ...between(set.after, set.before),
      };
      return set.content
        ? svix.POST("/api/v1/app/{app}/msg/search", {
            params: { path: { app } },
            body: { ...asked, content: set.content },
          })
        : svix.GET("/api/v1/app/{app}/msg", { params: { path: { app }, query: asked } });
    },
    { every: OFTEN },
  );
  return (
    <ListArea>
      <FilterBar name="webhook-messages" filters={filters} search={SEARCH} />
      <DataTable
        name="messages"
        label="Messages"
        list={list}
        columns={COLUMNS}
        idOf={({ id }) => id}
        isFiltered={isFiltered}
        onOpen={({ id }) => void goAt(places.message(id))}
        empty={<NothingYet />}
      />
    </ListArea>
  );
}

/** How a message stands at all endpoints together: asked for the rows that are in view. */
function MessageStatus({ id }: { id: string }) {
  const destinations = useRead(
    ["message", id, "endpoints"],
    ({ svix, app }) =>
      svix.GET("/api/v1/app/{app}/msg/{message}/endpoint", {
        params: { path: { app, message: id }, query: { limit: 250 } },
      }),
    { staleTime: OFTEN },
  );
  if (destinations.isError) return <span className="text-quiet">unknown</span>;
  if (!destinations.data) return <span className="text-quiet">…</span>;
  const { word, note } = standing(destinations.data.data.map(({ statusText }) => statusText));
  return (
    <span className="inline-flex items-center gap-1.5">
      <Status word={word} />
      {note && <span className="text-quiet text-xs">{note}</span>}
    </span>
  );
}

function Labels({ message }: { message: Message }) {
  return (
    <span className="flex gap-1.5">
      {message.channels?.map((channel) => (
        <Badge key={`#${channel}`} tone="info">
          {channel}
        </Badge>
      ))}
      {message.tags?.map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
    </span>
  );
}

function NothingYet() {
  const { host, app } = useWebhooks();
  const body = `{"eventType": "invoice.paid", "payload": {"id": "inv_1"}}`;
  return (
    <EmptyState icon={<MessageSquareText />} title="No messages yet">
      <p>Each message that is sent to this application is seen here, whichever endpoints it goes to.</p>
      {host === "console" && (
        <Snippet
          label="Send a message"
          tabs={[
            {
              name: "curl",
              code: `curl ${location.origin}/api/v1/app/${app}/msg -H "Authorization: Bearer $CAMPANILE_KEY" \\\n  -H "Content-Type: application/json" -d '${body}'`,
            },
            {
              name: "JavaScript",
              code: `import { Svix } from "svix";\n\nconst svix = new Svix(process.env.CAMPANILE_KEY, { serverUrl: "${location.origin}" });\nawait svix.message.create("${app}", ${body});`,
            },
          ]}
        />
      )}
    </EmptyState>
  );
}
