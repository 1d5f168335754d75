// The things that observations name: issues, endpoints, settings, files, commits, people.

import { Tags } from "lucide-react";

import { Badge } from "../../components/ui/badge";
import { type Column, DataTable } from "../../components/ui/data-table";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { useGo } from "../../components/ui/go";
import { EmptyState, Page } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { Time } from "../../components/ui/time";
import { api, data, type Schemas } from "../../lib/api";
import { words } from "../../lib/format";
import { useList } from "../../lib/list";
import { paths } from "../../lib/paths";
import { useUrl, useWorkspaceId } from "../../lib/url";

type Entity = Schemas["EntityView"];

const CATEGORIES = ["config", "definition", "endpoint", "engineer", "project", "reference", "service"];
const FILTERS: Filter[] = [
  {
    key: "category",
    title: "Category",
    kind: "choice",
    options: CATEGORIES.map((value) => ({ value, title: words(value) })),
  },
];
const SEARCH = { key: "prefix", label: "Search the begin of names", placeholder: "The begin of a name" };

const COLUMNS: Column<Entity>[] = [
  {
    key: "value",
    title: "Name",
    cell: ({ value }) => (
      <span className="truncate font-mono text-xs" title={value}>
        {value}
      </span>
    ),
    text: ({ value }) => value,
    width: "minmax(14rem, 3fr)",
  },
  {
    key: "category",
    title: "Category",
    cell: ({ category }) => <Badge>{words(category)}</Badge>,
    text: ({ category }) => category,
    width: "7rem",
    phone: "second",
  },
  {
    key: "evidence",
    title: "First named in",
    cell: ({ evidence }) => (
      <span className="text-quiet truncate" title={evidence}>
        {evidence || "a field of the event"}
      </span>
    ),
    text: ({ evidence }) => evidence,
    width: "minmax(10rem, 3fr)",
    phone: "none",
  },
  {
    key: "occurrences",
    title: "Observations",
    cell: ({ occurrences }) => <span className="tabular-nums">{occurrences.toLocaleString("en")}</span>,
    text: ({ occurrences }) => occurrences,
    width: "6.5rem",
    align: "end",
    phone: "second",
  },
  {
    key: "at",
    title: "Last named",
    cell: ({ lastSeenAt }) => <Time at={lastSeenAt} />,
    text: ({ lastSeenAt }) => lastSeenAt,
    width: "6.5rem",
    align: "end",
    phone: "first",
  },
];

export function EntitiesPage() {
  const url = useUrl();
  const go = useGo();
  const { set, isFiltered } = useFilters(FILTERS, SEARCH.key);
  const workspace = useWorkspaceId();
  // With the begin of a name the list is by name.
  const order = set.prefix ? "name" : (url.get("order") ?? "most");
  const list = useList({
    key: ["entity", workspace, order, JSON.stringify(set)],
    page: async (cursor) => {
      const query = { ...set, order, workspace, cursor, limit: 50 };
      const { data: items, next } = await data(api.GET("/api/entities", { params: { query } }));
      return { items, next };
    },
    idOf: ({ category, key }) => `${category} ${key}`,
    live: ["observation"],
  });
  return (
    <Page
      title="Entities"
      lead="What observations name, such as issues, endpoints, settings and files."
      fills
      actions={
        !set.prefix && (
          <Segments
            label="Order"
            value={order}
            options={[
              ["most", "Most named"],
              ["newest", "Newest"],
              ["name", "By name"],
            ]}
            onChange={(next) => url.set({ order: next === "most" ? undefined : next })}
          />
        )
      }
    >
      <FilterBar name="entities" filters={FILTERS} search={SEARCH} />
      <DataTable
        name="entities"
        label="Entities"
        list={list}
        columns={COLUMNS}
        idOf={({ category, key }) => `${category} ${key}`}
        titleOf={({ value }) => value}
        onOpen={({ category, key }) => void go(paths.entity(category, key))}
        isFiltered={isFiltered}
        empty={
          <EmptyState icon={<Tags />} title={order === "most" ? "Nothing is named twice yet" : "Nothing is named yet"}>
            <p>
              {order === "most"
                ? "What several observations name is listed here. The other orders also list what one of them names."
                : "What the text or the fields of an observation name is listed here."}
            </p>
          </EmptyState>
        }
      />
    </Page>
  );
}
