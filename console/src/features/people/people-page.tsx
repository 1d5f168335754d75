// The people of the workspace, those who were active last first.

import { Users } from "lucide-react";

import { Badge } from "../../components/ui/badge";
import { buttonLook } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { Go, useGo } from "../../components/ui/go";
import { EmptyState, Page } from "../../components/ui/page";
import { Sparkline } from "../../components/ui/sparkline";
import { Time } from "../../components/ui/time";
import { api, data } from "../../lib/api";
import { useList } from "../../lib/list";
import { paths } from "../../lib/paths";
import { PROVIDERS } from "../../lib/providers";
import { useCan } from "../../lib/role";
import { useWorkspaceId } from "../../lib/url";
import { type Person, toolName } from "./person";
import { Portrait } from "./portrait";
import { SuggestionsNote } from "./suggestions";

const FILTERS: Filter[] = [
  {
    key: "source",
    title: "Tool",
    kind: "choice",
    options: PROVIDERS.map(({ key, name }) => ({ value: key, title: name })),
  },
];
const SEARCH = { key: "q", label: "Search people", placeholder: "Name, address or id" };

const COLUMNS: Column<Person>[] = [
  {
    key: "name",
    title: "Name",
    cell: ({ name }) => (
      <span className="flex min-w-0 items-center gap-2">
        <Portrait name={name} />
        <span className="truncate font-medium" title={name}>
          {name}
        </span>
      </span>
    ),
    text: ({ name }) => name,
    width: "minmax(12rem, 2fr)",
  },
  {
    key: "tools",
    title: "Tools",
    cell: ({ providers }) => (
      <span className="flex min-w-0 gap-1 overflow-hidden">
        {providers.map((provider) => (
          <Badge key={provider}>{toolName(provider)}</Badge>
        ))}
      </span>
    ),
    text: ({ providers }) => providers.join(", "),
    width: "minmax(10rem, 2fr)",
    phone: "second",
  },
  {
    key: "email",
    title: "Mail address",
    cell: ({ email }) => <span className="text-quiet truncate">{email ?? "–"}</span>,
    text: ({ email }) => email,
    width: "minmax(10rem, 2fr)",
    phone: "none",
  },
  {
    key: "days",
    title: "Last 30 days",
    cell: ({ days }) => <Sparkline label="Observations a day" values={days} width={112} height={22} />,
    text: ({ days }) => days.reduce((sum, count) => sum + count, 0),
    width: "8rem",
    phone: "none",
  },
  {
    key: "observations",
    title: "Observations",
    cell: ({ observations }) => <span className="tabular-nums">{observations.toLocaleString("en")}</span>,
    text: ({ observations }) => observations,
    width: "6.5rem",
    align: "end",
    phone: "none",
  },
  {
    key: "at",
    title: "Last active",
    cell: ({ lastActiveAt }) => <Time at={lastActiveAt} />,
    text: ({ lastActiveAt }) => lastActiveAt,
    width: "6.5rem",
    align: "end",
    phone: "first",
  },
];

export function PeoplePage() {
  const go = useGo();
  const can = useCan();
  const { list, isFiltered } = usePeopleList();
  return (
    <Page title="People" lead="Who did what in your tools, with all accounts of each person." fills>
      <FilterBar name="people" filters={FILTERS} search={SEARCH} />
      {can.configure && <SuggestionsNote />}
      <DataTable
        name="people"
        label="People"
        list={list}
        columns={COLUMNS}
        idOf={({ id }) => id}
        titleOf={({ name }) => name}
        onOpen={({ id }) => void go(paths.person(id))}
        isFiltered={isFiltered}
        empty={<NobodyYet />}
      />
    </Page>
  );
}

function usePeopleList() {
  const workspace = useWorkspaceId();
  const { set, isFiltered } = useFilters(FILTERS, SEARCH.key);
  const list = useList({
    key: ["person", workspace, JSON.stringify(set)],
    page: async (cursor) => {
      const query = { ...set, workspace, cursor, limit: 50 };
      const { data: items, next } = await data(api.GET("/api/people", { params: { query } }));
      return { items, next };
    },
    idOf: ({ id }) => id,
    live: ["observation"],
  });
  return { list, isFiltered };
}

function NobodyYet() {
  return (
    <EmptyState
      icon={<Users />}
      title="Nobody has done anything yet"
      actions={
        <Go to={paths.integrations} className={buttonLook("primary")}>
          Connect a source
        </Go>
      }
    >
      <p>Who acts in a connected source is listed here, with their accounts in all tools put together.</p>
    </EmptyState>
  );
}
