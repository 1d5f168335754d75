// The deliveries of the sources, and the result of each.

import { Inbox, RotateCw } from "lucide-react";
import { FirstSample } from "../../components/sample-delivery";

import { Badge, Status } from "../../components/ui/badge";
import { Button, buttonLook } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { WithPanel } from "../../components/ui/detail-panel";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { Go, useGo } from "../../components/ui/go";
import { EmptyState, Page } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { usePageActions } from "../../lib/actions";
import { api, type Delivery, data } from "../../lib/api";
import { useList } from "../../lib/list";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useCan } from "../../lib/role";
import { isDeliverySource, type Source, sourceTitle, useSources } from "../../lib/sources";
import { useUrl, useWorkspaceId } from "../../lib/url";
import { canProcess, useProcessAgain } from "./again";
import { DeliveryPanel } from "./delivery-panel";
import { eventInWords } from "./sources";

const STATUSES = ["received", "processed", "skipped", "failed"];

const filtersOf = (sources: Source[]): Filter[] => [
  { key: "status", title: "Status", kind: "choice", options: STATUSES.map((value) => ({ value, title: value })) },
  {
    key: "source",
    title: "Source",
    kind: "choice",
    options: sources.filter(isDeliverySource).map((source) => ({ value: source.id, title: sourceTitle(source) })),
  },
  { key: "event", title: "Event", kind: "text" },
  { key: "delivery_id", title: "Provider's id", kind: "text" },
  { key: "after", title: "After", kind: "time" },
  { key: "before", title: "Before", kind: "time" },
];

const columns = (sources: Source[]): Column<Delivery>[] => [
  {
    key: "event",
    title: "Event",
    cell: (it) => <span className="font-medium">{eventInWords(it)}</span>,
    text: (it) => it.event,
    width: "minmax(10rem, 2fr)",
  },
  {
    key: "status",
    title: "Status",
    cell: (it) => <Status word={it.status} />,
    text: (it) => it.status,
    width: "6.5rem",
    phone: "first",
  },
  {
    key: "reason",
    title: "Reason",
    cell: (it) => (
      <span className="text-quiet" title={it.reason ?? undefined}>
        {it.reason}
      </span>
    ),
    text: (it) => it.reason,
    width: "minmax(10rem, 3fr)",
    phone: "second",
  },
  {
    key: "source",
    title: "Source",
    cell: (it) => <SourceName id={it.source_id} provider={it.provider} sources={sources} />,
    text: (it) => it.provider,
    width: "minmax(7rem, 1fr)",
    phone: "second",
  },
  {
    key: "delivery",
    title: "Provider's id",
    cell: (it) => <span className="text-quiet font-mono text-xs">{it.delivery_id}</span>,
    text: (it) => it.delivery_id,
    width: "minmax(8rem, 1fr)",
    phone: "none",
    optional: true,
  },
  {
    key: "at",
    title: "Received",
    cell: (it) => <Time at={it.received_at} />,
    text: (it) => it.received_at,
    width: "7rem",
    align: "end",
    phone: "second",
  },
];

function SourceName({ id, provider, sources }: { id: string; provider: string; sources: Source[] }) {
  const source = sources.find((source) => source.id === id);
  const name = source ? sourceTitle(source) : `${providerName(provider)} (removed)`;
  return (
    <Badge title={name}>
      <span className="truncate">{name}</span>
    </Badge>
  );
}

export function DeliveriesPage() {
  const workspace = useWorkspaceId();
  const url = useUrl();
  const go = useGo();
  const can = useCan();
  const again = useProcessAgain();
  const sources = useSources();
  const filters = filtersOf(sources.data ?? []);
  const { set, isFiltered } = useFilters(filters);
  const list = useList({
    key: ["delivery", workspace, JSON.stringify(set)],
    page: async (cursor) => {
      const { data: items, next } = await data(
        api.GET("/api/deliveries", { params: { query: { ...set, workspace, cursor, limit: 50 } } }),
      );
      return { items, next };
    },
    idOf: ({ id }) => id,
    live: ["delivery"],
  });
  usePageActions([
    { title: "Only failed deliveries", run: () => url.set({ status: "failed" }) },
    { title: "Only skipped deliveries", run: () => url.set({ status: "skipped" }) },
    { title: "Connect a source", run: () => void go(paths.integrations) },
  ]);
  return (
    <Page
      title="Deliveries"
      lead="What your sources sent, and what became of it. A delivery whose signature is wrong is refused and not kept."
      fills
    >
      <FilterBar name="deliveries" filters={filters} />
      <WithPanel panel={(id) => <DeliveryPanel key={id} id={id} sources={sources.data ?? []} />}>
        <DataTable
          name="deliveries"
          label="Deliveries"
          list={list}
          columns={columns(sources.data ?? [])}
          idOf={({ id }) => id}
          titleOf={({ event, delivery_id }) => `${event} ${delivery_id}`}
          isFiltered={isFiltered}
          actions={
            can.configure
              ? (rows, clear) => {
                  const ids = rows.filter(canProcess).map(({ id }) => id);
                  return (
                    <Button
                      size="sm"
                      busy={again.isPending}
                      disabled={ids.length === 0}
                      onClick={() => again.mutate(ids, { onSuccess: clear })}
                    >
                      <RotateCw aria-hidden className="size-3.5" />
                      {ids.length === rows.length
                        ? "Process again"
                        : `Process again the ${ids.length} that failed or were skipped`}
                    </Button>
                  );
                }
              : undefined
          }
          empty={
            <EmptyState
              icon={<Inbox />}
              title="Nothing has come in yet"
              actions={
                <Go to={paths.integrations} className={buttonLook("primary")}>
                  Connect a source
                </Go>
              }
            >
              <p>Each delivery of a source is listed here with its headers and its body, as soon as it arrives.</p>
              <FirstSample />
            </EmptyState>
          }
        />
      </WithPanel>
    </Page>
  );
}
