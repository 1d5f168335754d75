// All observations of the workspace: as a list, or day by day.

import { Telescope } from "lucide-react";
import { OBSERVATION_FILTERS } from "../../components/observation/filters";
import { ObservationPanel } from "../../components/observation/observation-panel";
import { FirstSample } from "../../components/sample-delivery";

import { Badge, Score } from "../../components/ui/badge";
import { buttonLook } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { WithPanel } from "../../components/ui/detail-panel";
import { FilterBar, useFilters } from "../../components/ui/filter-bar";
import { Go, useGo } from "../../components/ui/go";
import { EmptyState, Page } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { Time } from "../../components/ui/time";
import { usePageActions } from "../../lib/actions";
import { api, data, type Observation, useWorkspace } from "../../lib/api";
import { words } from "../../lib/format";
import { useList } from "../../lib/list";
import { actorOf, readTitle } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useUrl, useWorkspaceId } from "../../lib/url";
import { TimelineView } from "./timeline-view";

const columns = (threshold?: number): Column<Observation>[] => [
  {
    key: "title",
    title: "Title",
    cell: (it) => <Title observation={it} threshold={threshold} />,
    text: (it) => it.title,
    width: "minmax(16rem, 4fr)",
  },
  {
    key: "kind",
    title: "Event",
    cell: (it) => <span className="text-quiet">{readTitle(it).kind}</span>,
    text: (it) => it.type,
    width: "minmax(8rem, 1fr)",
    phone: "second",
  },
  {
    key: "provider",
    title: "Source",
    cell: (it) => <Badge>{providerName(it.provider)}</Badge>,
    text: (it) => it.provider,
    width: "5.5rem",
    phone: "second",
  },
  {
    key: "actor",
    title: "Actor",
    cell: (it) => actorOf(it)?.name ?? "–",
    text: (it) => actorOf(it)?.name,
    width: "minmax(6rem, 9rem)",
  },
  {
    key: "category",
    title: "Category",
    cell: (it) => words(it.category),
    text: (it) => it.category,
    width: "7rem",
    phone: "none",
  },
  {
    key: "at",
    title: "When",
    cell: (it) => <Time at={it.occurred_at} />,
    text: (it) => it.occurred_at,
    width: "6.5rem",
    align: "end",
    phone: "first",
  },
];

export function ObservationsPage() {
  const url = useUrl();
  const go = useGo();
  const workspace = useWorkspace();
  const { list, isFiltered } = useObservationList();
  const view = url.get("view") === "timeline" ? "timeline" : "list";
  const show = (next: string) => url.set({ view: next === "list" ? undefined : next });
  usePageActions([
    {
      title: view === "list" ? "Show as a timeline" : "Show as a list",
      run: () => show(view === "list" ? "timeline" : "list"),
    },
    {
      title: "Only what people were told of",
      run: () => url.set({ min_significance: String(workspace?.notify_threshold ?? 70) }),
    },
    { title: "Connect a source", run: () => void go(paths.integrations) },
  ]);
  const empty = (
    <EmptyState
      icon={<Telescope />}
      title="Nothing has been observed yet"
      actions={
        <Go to={paths.integrations} className={buttonLook("primary")}>
          Connect a source
        </Go>
      }
    >
      <p>What happens in a connected source is listed here, with what it belongs to.</p>
      <FirstSample />
    </EmptyState>
  );
  return (
    <Page
      title="Observations"
      lead="What happened in your sources, newest first."
      fills
      actions={
        <Segments
          label="View"
          value={view}
          options={[
            ["list", "List"],
            ["timeline", "Timeline"],
          ]}
          onChange={show}
        />
      }
    >
      <FilterBar name="observations" filters={OBSERVATION_FILTERS} />
      <WithPanel panel={(id) => <ObservationPanel key={id} id={id} />}>
        {view === "list" ? (
          <DataTable
            name="observations"
            label="Observations"
            list={list}
            columns={columns(workspace?.notify_threshold)}
            idOf={({ id }) => id}
            titleOf={(it) => readTitle(it).text}
            isFiltered={isFiltered}
            empty={empty}
          />
        ) : (
          <TimelineView
            list={list}
            threshold={workspace?.notify_threshold}
            empty={isFiltered ? <p className="text-quiet px-6 py-8 text-center">Nothing fits these filters.</p> : empty}
          />
        )}
      </WithPanel>
    </Page>
  );
}

function useObservationList() {
  const workspace = useWorkspaceId();
  const { set, isFiltered } = useFilters(OBSERVATION_FILTERS);
  const list = useList({
    key: ["observation", workspace, JSON.stringify(set)],
    page: async (cursor) => {
      const score = set.min_significance ? Number(set.min_significance) : undefined;
      const query = { ...set, min_significance: score, workspace, cursor, limit: 50 };
      const { data: items, next } = await data(api.GET("/api/observations", { params: { query } }));
      return { items, next };
    },
    idOf: ({ id }) => id,
    live: ["observation"],
  });
  return { list, isFiltered };
}

function Title({ observation, threshold }: { observation: Observation; threshold?: number }) {
  return (
    <span className="flex items-center gap-2">
      <Score value={observation.significance} threshold={threshold} />
      <span className="truncate font-medium" title={observation.title}>
        {readTitle(observation).text}
      </span>
    </span>
  );
}
