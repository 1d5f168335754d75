// One person: what they do and when, their accounts, and who else may be the same person.

import { useParams } from "@tanstack/react-router";
import { UserPlus } from "lucide-react";
import { type ReactNode, useState } from "react";

import { LatestObservations, useLatest } from "../../components/observation/latest";
import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { Go, useGo } from "../../components/ui/go";
import { Empty, Facts, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Sparkline } from "../../components/ui/sparkline";
import { Time } from "../../components/ui/time";
import { usePageActions } from "../../lib/actions";
import { api, data } from "../../lib/api";
import { exactly } from "../../lib/format";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useCan } from "../../lib/role";
import { useWorkspaceId } from "../../lib/url";
import { Heatmap } from "./heatmap";
import { Identities } from "./identities";
import { JoinDialog } from "./join-dialog";
import { type PersonDetail, toolName, usePerson } from "./person";
import { Suggestions } from "./suggestions";

const CRUMBS = [{ title: "People", to: paths.people }];
const LATEST = 10;

export function PersonPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const person = usePerson(id);
  if (person.data) return <Known key={person.data.id} it={person.data} />;
  return (
    <Page title="Person" crumbs={CRUMBS}>
      {person.isPending ? (
        <Skeleton lines={8} />
      ) : (
        <Failure error={person.error} onRetry={() => void person.refetch()} />
      )}
    </Page>
  );
}

function Known({ it }: { it: PersonDetail }) {
  const can = useCan();
  const go = useGo();
  const [isJoining, setJoining] = useState(false);
  const join = () => setJoining(true);
  usePageActions(can.configure ? [{ title: "Join with another person", icon: <UserPlus />, run: join }] : []);
  const badges = it.providers.map((provider) => <Badge key={provider}>{toolName(provider)}</Badge>);
  const shown = (id: string) => void go(paths.person(id), { replace: true });
  return (
    <Page
      title={it.name}
      lead={it.email ?? undefined}
      crumbs={CRUMBS}
      badges={badges}
      actions={
        can.configure && (
          <Button onClick={join}>
            <UserPlus aria-hidden className="size-4" />
            Join with another person
          </Button>
        )
      }
    >
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="grid min-w-0 gap-4">
          <Panel title="Hours of activity" note="all observations, by weekday and hour">
            <Heatmap hours={it.hours} />
          </Panel>
          <Panel title="Latest observations">
            <Latest id={it.id} />
          </Panel>
        </div>
        <div className="grid min-w-0 gap-4">
          <Panel title="About">
            <About it={it} />
          </Panel>
          <Panel title="Accounts">
            <Identities it={it} />
          </Panel>
          {can.configure && (
            <Panel title="The same person?" note="suggested, never joined by itself">
              <Suggestions person={it.id} onJoined={shown} />
            </Panel>
          )}
          <Panel title="Topics">
            <Counts counts={it.topics} search={(topic) => ({ topic, actor: it.id })} none="No topics yet." />
          </Panel>
          <Panel title="Events">
            <Counts counts={it.types} search={(type) => ({ type, actor: it.id })} none="No events yet." />
          </Panel>
        </div>
      </div>
      {isJoining && (
        <JoinDialog
          person={it}
          onClose={() => setJoining(false)}
          onJoined={(id) => {
            setJoining(false);
            shown(id);
          }}
        />
      )}
    </Page>
  );
}

function About({ it }: { it: PersonDetail }) {
  const facts: [string, ReactNode][] = [
    ["Observations", <span key="count">{it.observations.toLocaleString("en")}</span>],
    [
      "By tool",
      <span key="sources" className="flex flex-wrap gap-x-3">
        {it.sources.map(({ name, count }) => (
          <Go
            key={name}
            to={paths.observations}
            search={{ source: name, actor: it.id }}
            className="text-bronze hover:underline"
          >
            {providerName(name)} {count.toLocaleString("en")}
          </Go>
        ))}
      </span>,
    ],
    ["Last 30 days", <Sparkline key="days" label="Observations a day" values={it.days} width={160} />],
    ["First seen", it.firstSeenAt ? exactly(it.firstSeenAt) : "Not known"],
    [
      "Last active",
      <span key="last">
        {exactly(it.lastActiveAt)} <Time at={it.lastActiveAt} />
      </span>,
    ],
  ];
  return (
    <>
      <Facts of={facts} />
      {!it.isCounted && (
        <p role="status" className="text-quiet border-line border-t px-4 py-2.5">
          Observations of before the upgrade are counted within the hour.
        </p>
      )}
    </>
  );
}

function Latest({ id }: { id: string }) {
  const workspace = useWorkspaceId();
  const latest = useLatest(["person", workspace, id], () =>
    data(api.GET("/api/people/{id}/observations", { params: { path: { id }, query: { workspace, limit: LATEST } } })),
  );
  const all = (
    <Go to={paths.observations} search={{ actor: id }} className="text-bronze hover:underline">
      All observations of this person
    </Go>
  );
  return <LatestObservations latest={latest} all={all} />;
}

type CountsProps = {
  counts: PersonDetail["topics"];
  search: (name: string) => Record<string, string>;
  none: string;
};

/** Names with bars as long as their counts. */
function Counts({ counts, search, none }: CountsProps) {
  if (counts.length === 0) return <Empty>{none}</Empty>;
  const most = Math.max(...counts.map(({ count }) => count));
  return (
    <ul className="grid gap-1 p-4">
      {counts.map(({ name, count }) => (
        <li key={name} className="relative flex min-w-0 items-baseline gap-2 rounded-sm px-1.5">
          <span
            aria-hidden
            className="bg-bronze-tint absolute inset-y-0 left-0 rounded-sm"
            style={{ width: `${(100 * count) / most}%` }}
          />
          <Go
            to={paths.observations}
            search={search(name)}
            className="relative min-w-0 flex-1 truncate py-0.5 hover:underline"
          >
            {name}
          </Go>
          <span className="text-quiet relative text-xs tabular-nums">{count.toLocaleString("en")}</span>
        </li>
      ))}
    </ul>
  );
}
