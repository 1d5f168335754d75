// All event types of the organisation: what messages are of, and endpoints choose from.

import { useQuery } from "@tanstack/react-query";
import { FileJson, FileUp, Plus } from "lucide-react";

import { Badge } from "../../components/ui/badge";
import { Button, buttonLook } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { Go, useGo } from "../../components/ui/go";
import { EmptyState, Page } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { Time } from "../../components/ui/time";
import { usePageActions } from "../../lib/actions";
import { api } from "../../lib/api";
import { wholeList } from "../../lib/list";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import { allEventTypes, type EventType, grouped, versionsOf } from "./client";
import { matching } from "./matching";
import { OpenApiImport } from "./openapi-import";

const SEARCH = { key: "q", label: "Search event types" };
const STATES = [
  { value: "active", title: "Active" },
  { value: "deprecated", title: "Deprecated" },
  { value: "archived", title: "Archived" },
];

const groupOf = (type: EventType) => grouped([type])[0]?.[0] ?? "";
const stateOf = ({ archived, deprecated }: EventType) => (archived ? "archived" : deprecated ? "deprecated" : "active");

const COLUMNS: Column<EventType>[] = [
  {
    key: "name",
    title: "Name",
    cell: (it) => <code className="font-mono text-xs font-medium">{it.name}</code>,
    text: (it) => it.name,
    width: "minmax(12rem, 2fr)",
  },
  {
    key: "description",
    title: "Description",
    cell: (it) => it.description,
    text: (it) => it.description,
    width: "minmax(12rem, 3fr)",
  },
  {
    key: "group",
    title: "Group",
    cell: (it) => groupOf(it) || <span className="text-quiet">none</span>,
    text: groupOf,
    width: "8rem",
    phone: "none",
  },
  { key: "state", title: "State", cell: (it) => <State of={it} />, text: stateOf, width: "7rem", phone: "first" },
  {
    key: "schema",
    title: "Schema",
    cell: (it) => <Versions of={it} />,
    text: (it) => versionsOf(it).join(" "),
    width: "7rem",
    phone: "none",
  },
  {
    key: "changed",
    title: "Changed",
    cell: (it) => <Time at={it.updatedAt} />,
    text: (it) => it.updatedAt,
    width: "7rem",
    align: "end",
    phone: "none",
  },
];

export function EventTypesPage() {
  const go = useGo();
  const url = useUrl();
  const { configure: mayConfigure } = useCan();
  const query = useQuery({ queryKey: ["webhooks", "all event types"], queryFn: () => allEventTypes(api, true) });
  const all = query.data ?? [];
  const groups = [...new Set(all.map(groupOf).filter(Boolean))].sort();
  const filters: Filter[] = [
    { key: "group", title: "Group", kind: "choice", options: groups.map((value) => ({ value, title: value })) },
    { key: "state", title: "State", kind: "choice", options: STATES },
  ];
  const { set, isFiltered } = useFilters(filters, SEARCH.key);
  const found = matching(all, set.q, ({ name, description }) => [name, description])
    .filter((type) => !set.group || groupOf(type) === set.group)
    // Archived event types are shown when they are asked for.
    .filter((type) => (set.state ? stateOf(type) === set.state : !type.archived));
  const rows = grouped(found).flatMap(([, members]) => members);
  const isImporting = url.get("new") === "import";
  const importing = () => url.set({ new: "import" });
  const create = () => void go(paths.newEventType);
  usePageActions(
    mayConfigure
      ? [
          { title: "New event type", icon: <Plus />, run: create },
          { title: "Import an OpenAPI document", icon: <FileUp />, run: importing },
        ]
      : [],
  );
  return (
    <Page
      title="Event types"
      lead="What messages are of: receivers choose from them, and see the shape of each payload in their catalogue."
      fills
      actions={
        mayConfigure && (
          <>
            <Button onClick={importing}>
              <FileUp aria-hidden className="size-4" />
              Import OpenAPI
            </Button>
            <Go to={paths.newEventType} className={buttonLook("primary")}>
              <Plus aria-hidden className="size-4" />
              New event type
            </Go>
          </>
        )
      }
    >
      <FilterBar name="event-types" filters={filters} search={SEARCH} />
      <DataTable
        name="event-types"
        label="Event types"
        list={wholeList(rows, query)}
        columns={COLUMNS}
        idOf={({ name }) => name}
        isFiltered={isFiltered}
        onOpen={({ name }) => void go(paths.eventType(name))}
        empty={<NothingYet />}
      />
      {isImporting && <OpenApiImport onClose={() => url.set({ new: undefined })} />}
    </Page>
  );
}

export function State({ of }: { of: EventType }) {
  if (of.archived) return <Badge>archived</Badge>;
  return of.deprecated ? <Badge tone="warn">deprecated</Badge> : <Badge tone="good">active</Badge>;
}

function Versions({ of }: { of: EventType }) {
  const versions = versionsOf(of);
  if (versions.length === 0) return <span className="text-quiet">none</span>;
  return (
    <span className="text-quiet">
      {versions.length === 1 ? `version ${versions[0]}` : `${versions.length} versions`}
    </span>
  );
}

function NothingYet() {
  const body = `{"name": "invoice.paid", "description": "An invoice was paid"}`;
  return (
    <EmptyState icon={<FileJson />} title="No event types yet">
      <p>Describe what you send, and receivers see it in their catalogue.</p>
      <Snippet
        label="Create an event type"
        tabs={[
          {
            name: "curl",
            code: `curl ${location.origin}/api/v1/event-type -H "Authorization: Bearer $CAMPANILE_KEY" \\\n  -H "Content-Type: application/json" -d '${body}'`,
          },
          {
            name: "JavaScript",
            code: `import { Svix } from "svix";\n\nconst svix = new Svix(process.env.CAMPANILE_KEY, { serverUrl: "${location.origin}" });\nawait svix.eventType.create(${body});`,
          },
        ]}
      />
    </EmptyState>
  );
}
