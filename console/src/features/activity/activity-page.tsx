// The trail of changes: by whom, and when.

import { useQuery } from "@tanstack/react-query";
import { Activity as ActivityIcon } from "lucide-react";
import { useMemo } from "react";

import { Code, Status } from "../../components/ui/badge";
import { type Column, DataTable } from "../../components/ui/data-table";
import { DetailPanel, WithPanel } from "../../components/ui/detail-panel";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { JsonViewer } from "../../components/ui/json-viewer";
import { EmptyState, Facts, Page, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { api, data } from "../../lib/api";
import { exactly } from "../../lib/format";
import { useList } from "../../lib/list";
import { useCan } from "../../lib/role";
import { useWorkspaceId } from "../../lib/url";
import { Subject } from "./subject";
import { ACTION_NAMES, type Activity, actionInWords, actorInWords, type Names } from "./words";

const KINDS = [
  { value: "person", title: "People" },
  { value: "key", title: "Keys" },
  { value: "application", title: "Portals" },
  { value: "system", title: "Campanile itself" },
];

const filtersOf = (members: { id: string; email: string }[]): Filter[] => [
  {
    key: "action",
    title: "Action",
    kind: "choice",
    options: ACTION_NAMES.map((value) => ({ value, title: actionInWords(value) })),
  },
  {
    key: "actor",
    title: "Member",
    kind: "choice",
    options: members.map(({ id, email }) => ({ value: id, title: email })),
  },
  { key: "kind", title: "By", kind: "choice", options: KINDS },
  { key: "subject", title: "Subject's id", kind: "text" },
  { key: "after", title: "After", kind: "time" },
  { key: "before", title: "Before", kind: "time" },
];

const columns = (names: Names): Column<Activity>[] => [
  {
    key: "action",
    title: "Action",
    cell: (it) => <span className="font-medium">{actionInWords(it.action)}</span>,
    text: (it) => it.action,
    width: "minmax(12rem, 2fr)",
  },
  {
    key: "subject",
    title: "Subject",
    cell: (it) => <Subject record={it} names={names} />,
    text: (it) => it.subject_id,
    width: "minmax(10rem, 2fr)",
    phone: "second",
  },
  {
    key: "actor",
    title: "By",
    cell: (it) => actorInWords(it, names),
    text: (it) => actorInWords(it, names),
    width: "minmax(10rem, 2fr)",
    phone: "second",
  },
  {
    key: "result",
    title: "Result",
    cell: (it) => <Status word={it.result} />,
    text: (it) => it.result,
    width: "6.5rem",
    phone: "none",
  },
  {
    key: "metadata",
    title: "Details",
    cell: (it) => <span className="text-quiet font-mono text-xs">{JSON.stringify(it.metadata)}</span>,
    text: (it) => JSON.stringify(it.metadata),
    width: "minmax(8rem, 2fr)",
    phone: "none",
    optional: true,
  },
  {
    key: "at",
    title: "When",
    cell: (it) => <Time at={it.at} />,
    text: (it) => it.at,
    width: "7rem",
    align: "end",
    phone: "first",
  },
];

export function ActivityPage() {
  const workspace = useWorkspaceId();
  const { members, names } = useNames();
  const filters = filtersOf(members);
  const { set, isFiltered } = useFilters(filters);
  const list = useList({
    key: ["activity", workspace, JSON.stringify(set)],
    page: async (cursor) => {
      const { data: items, next } = await data(
        api.GET("/api/activity", { params: { query: { ...set, workspace, cursor, limit: 50 } } }),
      );
      return { items, next };
    },
    idOf: ({ id }) => id,
    every: 10_000,
  });
  return (
    <Page title="Activity" lead="Who changed what in the organisation, newest first." fills>
      <FilterBar name="activity" filters={filters} />
      <WithPanel
        panel={(id) => (
          <Panel key={id} record={list.rows.find((row) => row.id === id)} names={names} isPending={list.isPending} />
        )}
      >
        <DataTable
          name="activity"
          label="Activity"
          list={list}
          columns={columns(names)}
          idOf={({ id }) => id}
          isFiltered={isFiltered}
          empty={
            <EmptyState icon={<ActivityIcon />} title="Nothing has been changed yet">
              Every change that a member or a key makes is recorded here.
            </EmptyState>
          }
        />
      </WithPanel>
    </Page>
  );
}

/** Keys are listed for owners only; others see their ids. */
function useNames() {
  const can = useCan();
  const members = useQuery({ queryKey: ["member"], queryFn: async () => (await data(api.GET("/api/members"))).data });
  const keys = useQuery({
    queryKey: ["key"],
    enabled: can.administer,
    queryFn: async () => (await data(api.GET("/api/keys"))).data,
  });
  const names = useMemo(
    () => ({
      members: new Map(members.data?.map(({ id, email }) => [id, email])),
      keys: new Map(keys.data?.map(({ id, name }) => [id, name])),
    }),
    [members.data, keys.data],
  );
  return { members: members.data ?? [], names };
}

function Panel({ record, names, isPending }: { record?: Activity; names: Names; isPending: boolean }) {
  if (!record) {
    return (
      <DetailPanel title="Activity">
        {isPending ? (
          <Skeleton />
        ) : (
          <p className="text-quiet p-4">
            This record is not among those that were read. Scroll on in the list to reach it.
          </p>
        )}
      </DetailPanel>
    );
  }
  return (
    <DetailPanel title={actionInWords(record.action)} badges={<Status word={record.result} />}>
      <Facts
        of={[
          ["Action", <Code key="action">{record.action}</Code>],
          ["By", actorInWords(record, names)],
          ["Subject", <Subject key="subject" record={record} names={names} />],
          ["Subject's id", <Code key="id">{record.subject_id}</Code>],
          [
            "When",
            <span key="at">
              {exactly(record.at)} <Time at={record.at} />
            </span>,
          ],
        ]}
      />
      <div className="px-4 pb-4">
        <JsonViewer label="Details" value={record.metadata} />
      </div>
    </DetailPanel>
  );
}
