// What happened together, as a timeline: a bar for each cluster from its first observation to its last.

import { Waypoints } from "lucide-react";

import { type Cluster, STATUSES } from "../../components/cluster/cluster";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { EmptyState, Page } from "../../components/ui/page";
import { api, data } from "../../lib/api";
import { useList } from "../../lib/list";
import { PROVIDERS } from "../../lib/providers";
import { useWorkspaceId } from "../../lib/url";
import { Timeline } from "./timeline";

const FILTERS: Filter[] = [
  {
    key: "status",
    title: "Status",
    kind: "choice",
    options: STATUSES.map(({ value, title }) => ({ value, title })),
  },
  {
    key: "source",
    title: "Source",
    kind: "choice",
    options: PROVIDERS.map(({ key, name }) => ({ value: key, title: name })),
  },
  { key: "actor", title: "Person", kind: "text", placeholder: "ada" },
  { key: "since", title: "Since", kind: "time" },
  { key: "min_observations", title: "Observations from", kind: "number", placeholder: "5" },
];
/** Nothing tells that an observation was assigned. */
const EVERY = 10_000;

export function ClustersPage() {
  const workspace = useWorkspaceId();
  const { set, isFiltered } = useFilters(FILTERS);
  const { min_observations: fewest, ...filters } = set;
  const list = useList<Cluster>({
    key: ["cluster", workspace, JSON.stringify(set)],
    page: async (cursor) => {
      const query = { ...filters, min_observations: fewest ? Number(fewest) : undefined, workspace, cursor, limit: 50 };
      const { data: items, next } = await data(api.GET("/api/clusters", { params: { query } }));
      return { items, next };
    },
    idOf: ({ id }) => id,
    every: EVERY,
  });
  return (
    <Page
      title="Clusters"
      lead="Incidents with their fixes, features with their reviews: what happened together."
      fills
    >
      <FilterBar name="clusters" filters={FILTERS} />
      <Timeline list={list} empty={isFiltered ? <NothingFits /> : <NothingYet />} />
    </Page>
  );
}

function NothingFits() {
  return <EmptyState title="No cluster fits">Other filters may find some.</EmptyState>;
}

function NothingYet() {
  return (
    <EmptyState icon={<Waypoints />} title="No clusters yet">
      Observations that are about one thing are gathered here by themselves, some seconds after they came in: by what
      they say, what they refer to, who did it and when.
    </EmptyState>
  );
}
