// One cluster: its summary, what happened in order, and who took part.

import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { counted, useCluster } from "../../components/cluster/cluster";
import { ClusterBadge } from "../../components/cluster/cluster-badge";
import { Happenings } from "../../components/cluster/happenings";
import { Badge, Code } from "../../components/ui/badge";
import { CopyButton } from "../../components/ui/copy-button";
import { Go } from "../../components/ui/go";
import { Empty, Facts, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { type Schemas, useWorkspace } from "../../lib/api";
import { exactly } from "../../lib/format";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";

type Detail = Schemas["ClusterView"];

const CRUMBS = [{ title: "Clusters", to: paths.clusters }];
/** With fewer observations a cluster has no summary. */
const SUMMARISED = 5;
const LINK = "text-bronze hover:underline";

export function ClusterPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const cluster = useCluster(id);
  if (cluster.data) return <Known key={id} it={cluster.data} />;
  return (
    <Page title="Cluster" crumbs={CRUMBS}>
      {cluster.isPending ? (
        <Skeleton lines={8} />
      ) : (
        <Failure error={cluster.error} onRetry={() => void cluster.refetch()} />
      )}
    </Page>
  );
}

function Known({ it }: { it: Detail }) {
  const threshold = useWorkspace()?.notify_threshold ?? 70;
  const shown = it.observations.data.length;
  const note = shown < it.observation_count ? `the newest ${shown} of ${it.observation_count}` : `${shown}`;
  return (
    <Page title={it.title} crumbs={CRUMBS} badges={<ClusterBadge status={it.status} />}>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="grid min-w-0 gap-4">
          <Panel title="Summary" note={it.summary && <Time at={it.summary.made_at} />}>
            <Summary it={it} />
          </Panel>
          <Panel title="Observations" note={note}>
            <Happenings of={it.observations.data} threshold={threshold} />
          </Panel>
        </div>
        <Panel title="About it">
          <About it={it} />
        </Panel>
      </div>
    </Page>
  );
}

function Summary({ it }: { it: Detail }) {
  if (!it.summary) {
    const isSmall = it.observation_count < SUMMARISED;
    return (
      <Empty>
        {isSmall
          ? `It gets one with ${SUMMARISED} observations.`
          : "It gets one once nothing has been added for ten minutes."}
      </Empty>
    );
  }
  return (
    <div className="grid gap-2 p-4">
      <p className="max-w-prose text-pretty">{it.summary.text}</p>
      <p className="text-quiet flex flex-wrap items-center gap-1 text-xs">
        {it.summary.method === "extractive"
          ? "Sentences of its observations."
          : `Written by a language model, ${it.summary.method}.`}
        {it.summary.key_topics.map((topic) => (
          <Badge key={topic}>{topic}</Badge>
        ))}
      </p>
    </div>
  );
}

const COMPARED: Record<string, string> = {
  vectors: "By what it means",
  words: "By its words: there were no vectors",
  both: "By what it means, and in part by its words",
};

function About({ it }: { it: Detail }) {
  const facts: [string, ReactNode][] = [
    ["First", exactly(it.first_at)],
    [
      "Last",
      <span key="last">
        {exactly(it.last_at)} <Time at={it.last_at} />
      </span>,
    ],
    ["Sources", it.sources.map(({ name, observations }) => `${providerName(name)} ${observations}`).join(", ")],
    [
      "People",
      it.actors.length === 0 ? (
        "Nobody is named"
      ) : (
        <ul key="people" className="grid gap-0.5">
          {it.actors.map(({ id, name, observations }) => (
            <li key={id}>
              <Go to={paths.observations} search={{ actor: id }} className={LINK}>
                {name}
              </Go>{" "}
              <span className="text-quiet text-xs">{counted(observations, "observation")}</span>
            </li>
          ))}
        </ul>
      ),
    ],
    ["Topics", <Badges key="topics" of={it.topics} />],
    ["Names", <Badges key="entities" of={it.entities} />],
    ["Compared", COMPARED[it.compared_by] ?? it.compared_by],
    [
      "Id",
      <span key="id" className="flex items-center gap-1">
        <Code>{it.id}</Code>
        <CopyButton iconOnly text={it.id} label="Copy the id" />
      </span>,
    ],
  ];
  return <Facts of={facts} />;
}

function Badges({ of }: { of: string[] }) {
  if (of.length === 0) return <span className="text-quiet">None</span>;
  return (
    <span className="flex flex-wrap gap-1">
      {of.map((text) => (
        <span key={text} className="bg-sunken text-quiet rounded px-1.5 py-0.5 text-xs font-medium wrap-anywhere">
          {text}
        </span>
      ))}
    </span>
  );
}
