// One entity: the observations that name it, what they name beside it, and what held when.

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { LatestObservations, useLatest } from "../../components/observation/latest";
import { StateChanges } from "../../components/observation/states";
import { Badge, Code } from "../../components/ui/badge";
import { Go } from "../../components/ui/go";
import { Empty, Facts, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { api, data, type Schemas } from "../../lib/api";
import { exactly, percent, words } from "../../lib/format";
import { paths } from "../../lib/paths";
import { useWorkspaceId } from "../../lib/url";

type Detail = Schemas["EntityDetail"];

const CRUMBS = [{ title: "Entities", to: paths.entities }];
const LATEST = 15;

export function EntityPage() {
  const { category, key } = useParams({ strict: false }) as { category: string; key: string };
  const workspace = useWorkspaceId();
  const path = { category, key };
  const entity = useQuery({
    queryKey: ["observation", "entity", workspace, category, key],
    queryFn: () => data(api.GET("/api/entities/{category}/{key}", { params: { path, query: { workspace } } })),
  });
  const latest = useLatest(["entity", workspace, category, key], () =>
    data(
      api.GET("/api/entities/{category}/{key}/observations", {
        params: { path, query: { workspace, limit: LATEST } },
      }),
    ),
  );
  if (!entity.data)
    return (
      <Page title="Entity" crumbs={CRUMBS}>
        {entity.isPending ? (
          <Skeleton lines={8} />
        ) : (
          <Failure error={entity.error} onRetry={() => void entity.refetch()} />
        )}
      </Page>
    );
  const it = entity.data;
  return (
    <Page title={it.value} crumbs={CRUMBS} badges={<Badge tone="bronze">{words(it.category)}</Badge>}>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Panel title="Latest observations" note="that name it">
          <LatestObservations latest={latest} />
        </Panel>
        <div className="grid min-w-0 gap-4">
          <Panel title="About">
            <About it={it} />
          </Panel>
          <Panel title="States">
            {it.states.data.length > 0 ? (
              <StateChanges states={it.states.data} />
            ) : (
              <Empty>Events tell no state of it.</Empty>
            )}
          </Panel>
          <Panel title="Named with it" note="in the newest hundred">
            <Related it={it} />
          </Panel>
        </div>
      </div>
    </Page>
  );
}

function About({ it }: { it: Detail }) {
  return (
    <Facts
      of={[
        ["Observations", it.occurrences.toLocaleString("en")],
        [
          "Last named",
          <span key="last">
            {exactly(it.lastSeenAt)} <Time at={it.lastSeenAt} />
          </span>,
        ],
        [
          "First named",
          <Go key="first" to={paths.observation(it.firstObservationId)} className="text-bronze hover:underline">
            {it.evidence ? `“${it.evidence}”` : "in a field of this observation"}
          </Go>,
        ],
        ["Certain", percent(it.confidence)],
        ["Key", <Code key="key">{it.key}</Code>],
      ]}
    />
  );
}

function Related({ it: { related } }: { it: Detail }) {
  if (related.length === 0) return <Empty>Nothing else is named with it.</Empty>;
  return (
    <ul className="grid px-4 py-2">
      {related.map(({ category, key, value, count }) => (
        <li key={`${category} ${key}`} className="flex min-w-0 items-baseline gap-2">
          <span className="text-quiet w-20 shrink-0 truncate text-xs">{words(category)}</span>
          <Go
            to={paths.entity(category, key)}
            className="text-bronze min-w-0 flex-1 truncate py-1 font-mono text-xs hover:underline"
          >
            {value}
          </Go>
          <span className="text-quiet text-xs tabular-nums">{count}</span>
        </li>
      ))}
    </ul>
  );
}
