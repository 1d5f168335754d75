// One observation: what happened, what it is tied to, and what it caused.

import { useParams } from "@tanstack/react-router";
import { asMarkdown } from "../../components/observation/as-markdown";
import { type Edge, grouped } from "../../components/observation/edges";
import {
  AboutIt,
  Content,
  type Detail,
  Entities,
  References,
  Sharing,
  useAddress,
} from "../../components/observation/parts";
import { Related } from "../../components/observation/related";
import { States } from "../../components/observation/states";
import { ThreadView, useThread } from "../../components/observation/thread";
import { Badge, Score } from "../../components/ui/badge";
import { copyText } from "../../components/ui/copy-text";
import { JsonViewer } from "../../components/ui/json-viewer";
import { Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Tabs } from "../../components/ui/tabs";
import { done } from "../../components/ui/toast";
import { usePageActions } from "../../lib/actions";
import { useEdges, useObservation, useWorkspace } from "../../lib/api";
import { words } from "../../lib/format";
import { linkOf, readTitle } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useUrl } from "../../lib/url";
import { Effects } from "./effects";
import { Neighbours } from "./neighbours";

const CRUMBS = [{ title: "Observations", to: paths.observations }];

export function ObservationPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const observation = useObservation(id);
  const edges = useEdges(id);
  if (observation.data) return <Known key={id} it={observation.data} edges={edges.data?.data ?? []} />;
  return (
    <Page title="Observation" crumbs={CRUMBS}>
      {observation.isPending ? (
        <Skeleton lines={8} />
      ) : (
        <Failure error={observation.error} onRetry={() => void observation.refetch()} />
      )}
    </Page>
  );
}

function Known({ it, edges }: { it: Detail; edges: Edge[] }) {
  const url = useUrl();
  const threshold = useWorkspace()?.notify_threshold ?? 70;
  const address = useAddress(it.id);
  const { kind, text } = readTitle(it);
  const link = linkOf(it.metadata);
  const thread = useThread(it).data;
  const copy = (what: string) => async () => {
    if (await copyText(what)) done("Copied");
  };
  usePageActions([
    { title: "Copy link", run: () => void copy(address)() },
    { title: "Copy as Markdown", run: () => void copy(asMarkdown(it, edges, address))() },
    { title: "Show the graph", run: () => url.set({ tab: "graph" }) },
    { title: "Show what it caused", run: () => url.set({ tab: "effects" }) },
    ...(link
      ? [{ title: `Open at ${providerName(it.provider)}`, run: () => void open(link, "_blank", "noreferrer") }]
      : []),
  ]);
  const badges = (
    <>
      <Score value={it.significance} threshold={threshold} />
      <Badge tone="bronze">{kind}</Badge>
      <Badge>{providerName(it.provider)}</Badge>
      <Badge title={it.category_method === "model" ? "By a language model" : undefined}>
        {words(it.category)}
        {it.category_method === "model" && ", by model"}
      </Badge>
    </>
  );
  return (
    <Page title={text} crumbs={CRUMBS} badges={badges} actions={<Sharing it={it} edges={edges} />}>
      <Tabs
        label="Observation"
        tabs={[
          { key: "overview", title: "Overview", content: <Overview it={it} count={grouped(edges).length} /> },
          ...(thread
            ? [{ key: "thread", title: "Conversation", content: <ThreadView thread={thread} here={it.id} /> }]
            : []),
          {
            key: "related",
            title: "Related",
            count: grouped(edges).length,
            content: (
              <Panel title="Related">
                <Related id={it.id} />
              </Panel>
            ),
          },
          { key: "graph", title: "Graph", content: <Neighbours observation={it} /> },
          { key: "effects", title: "What it caused", content: <Effects it={it} threshold={threshold} /> },
          { key: "data", title: "Data", content: <Data it={it} /> },
        ]}
      />
    </Page>
  );
}

function Overview({ it, count }: { it: Detail; count: number }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="grid min-w-0 gap-4">
        <Panel title="Text">
          <Content body={it.body} />
        </Panel>
        <Panel title="Related" note={count > 0 && `${count} ${count === 1 ? "observation" : "observations"}`}>
          <Related id={it.id} most={5} />
        </Panel>
      </div>
      <div className="grid min-w-0 gap-4">
        <Panel title="About">
          <AboutIt it={it} />
        </Panel>
        <Panel title="States">
          <States id={it.id} />
        </Panel>
        <Panel title="References">
          <References list={it.references} />
        </Panel>
        <Panel title="Entities">
          <Entities list={it.entities} />
        </Panel>
      </div>
    </div>
  );
}

function Data({ it }: { it: Detail }) {
  const { metadata, ...rest } = it;
  return (
    <div className="grid gap-4">
      <Panel title="Metadata" note="what was kept of the delivery">
        <div className="p-4">
          <JsonViewer label="Metadata" value={metadata} />
        </div>
      </Panel>
      <Panel title="Observation" note="all of its fields">
        <div className="p-4">
          <JsonViewer label="Observation" value={rest} />
        </div>
      </Panel>
    </div>
  );
}
