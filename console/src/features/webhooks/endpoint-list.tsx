// All endpoints of the application, and how each does.

import { Plus, Webhook } from "lucide-react";

import { Badge, Status } from "../../components/ui/badge";
import { buttonLook } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { FilterBar, useFilters } from "../../components/ui/filter-bar";
import { EmptyState } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { Time } from "../../components/ui/time";
import type { Endpoint } from "./client";
import { useRead, useSvixList, useWebhooks } from "./context";
import { At, ListArea, useGoAt } from "./frame";
import { matching } from "./matching";
import { shareOf } from "./numbers";

const SEARCH = { key: "q", label: "Search addresses" };

const COLUMNS: Column<Endpoint>[] = [
  {
    key: "url",
    title: "Endpoint",
    cell: (it) => <Address endpoint={it} />,
    text: (it) => it.url,
    width: "minmax(16rem, 4fr)",
  },
  {
    key: "state",
    title: "State",
    cell: (it) => <Status word={it.disabled ? "disabled" : "active"} />,
    text: (it) => (it.disabled ? "disabled" : "active"),
    width: "7rem",
  },
  { key: "rate", title: "28 days", cell: (it) => <Rate endpoint={it.id} />, width: "9rem" },
  {
    key: "events",
    title: "Events",
    cell: (it) => (it.eventTypes ? `${it.eventTypes.length} ${it.eventTypes.length === 1 ? "type" : "types"}` : "all"),
    text: (it) => it.eventTypes?.join(" ") ?? "all",
    width: "6rem",
    phone: "none",
  },
  {
    key: "channels",
    title: "Channels",
    cell: (it) => it.channels?.join(", ") ?? "all",
    text: (it) => it.channels?.join(" ") ?? "all",
    width: "8rem",
    optional: true,
  },
  {
    key: "created",
    title: "Created",
    cell: (it) => <Time at={it.createdAt} />,
    text: (it) => it.createdAt,
    width: "7rem",
    align: "end",
    phone: "first",
  },
];

export function EndpointList() {
  const { places } = useWebhooks();
  const goAt = useGoAt();
  const { set, isFiltered } = useFilters([], SEARCH.key);
  const list = useSvixList<Endpoint>(
    ["endpoints"],
    ({ svix, app }, iterator) =>
      svix.GET("/api/v1/app/{app}/endpoint", { params: { path: { app }, query: { limit: 100, iterator } } }),
    { every: 15_000 },
  );
  const rows = matching(list.rows, set.q, ({ url, description, id, uid }) => [url, description, id, uid]);
  return (
    <ListArea>
      <FilterBar name="endpoints" filters={[]} search={SEARCH} />
      <DataTable
        name="endpoints"
        label="Endpoints"
        list={{ ...list, rows }}
        columns={COLUMNS}
        idOf={({ id }) => id}
        titleOf={({ url }) => url}
        isFiltered={isFiltered}
        onOpen={({ id }) => void goAt(places.endpoint(id))}
        empty={<NothingYet />}
      />
    </ListArea>
  );
}

function Address({ endpoint }: { endpoint: Endpoint }) {
  const { places } = useWebhooks();
  return (
    <span className="flex min-w-0 items-baseline gap-2">
      <At place={places.endpoint(endpoint.id)} className="min-w-0 truncate font-medium hover:underline">
        {endpoint.url}
      </At>
      {endpoint.description && (
        <span className="text-quiet hidden min-w-0 truncate text-xs sm:inline">{endpoint.description}</span>
      )}
    </span>
  );
}

/** The share of attempts that failed in the last four weeks. */
function Rate({ endpoint }: { endpoint: string }) {
  const stats = useRead(
    ["endpoint", endpoint, "stats"],
    ({ svix, app }) => svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/stats", { params: { path: { app, endpoint } } }),
    { staleTime: 15_000 },
  );
  if (!stats.data) return <span className="text-quiet">…</span>;
  const { success, fail } = stats.data;
  const all = success + fail;
  if (all === 0) return <span className="text-quiet">no attempts</span>;
  const share = fail / all;
  return (
    <Badge tone={share > 0.05 ? "bad" : "good"} title={`${success} delivered, ${fail} failed in 28 days`}>
      {shareOf(fail, all)} failed
    </Badge>
  );
}

export function AddEndpoint() {
  const { can, places } = useWebhooks();
  if (!can("ManageEndpoint")) return null;
  return (
    <At place={places.newEndpoint} className={buttonLook("primary")}>
      <Plus aria-hidden className="size-4" />
      Add endpoint
    </At>
  );
}

function NothingYet() {
  const { host, app } = useWebhooks();
  const body = `{"url": "https://example.com/webhooks"}`;
  return (
    <EmptyState icon={<Webhook />} title="No endpoints yet">
      <p>Messages are sent to the first endpoint from the moment it is added.</p>
      {host === "console" && (
        <Snippet
          label="Add an endpoint"
          tabs={[
            {
              name: "curl",
              code: `curl ${location.origin}/api/v1/app/${app}/endpoint -H "Authorization: Bearer $CAMPANILE_KEY" \\\n  -H "Content-Type: application/json" -d '${body}'`,
            },
            {
              name: "JavaScript",
              code: `import { Svix } from "svix";\n\nconst svix = new Svix(process.env.CAMPANILE_KEY, { serverUrl: "${location.origin}" });\nawait svix.endpoint.create("${app}", ${body});`,
            },
          ]}
        />
      )}
    </EmptyState>
  );
}
