// One source: its address, how it fares, its set-up, and its latest deliveries.

import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { KeyRound, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";

import { SampleSnippet } from "../../components/sample-delivery";
import { Badge, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { Confirm } from "../../components/ui/dialog";
import { CheckField } from "../../components/ui/field";
import { Go, useGo } from "../../components/ui/go";
import { Empty, Facts, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Tabs } from "../../components/ui/tabs";
import { Time } from "../../components/ui/time";
import { done } from "../../components/ui/toast";
import { usePageActions } from "../../lib/actions";
import { api, data } from "../../lib/api";
import { exactly } from "../../lib/format";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useCan } from "../../lib/role";
import {
  type DeliverySource,
  isDeliverySource,
  LATEST,
  type ListedSource,
  type Source,
  sourceTitle,
  useLatestDeliveries,
  useSources,
} from "../../lib/sources";
import { useConnection } from "./connections/connections";
import { nameOf } from "./connections/words";
import { DocumentsPanel } from "./documents/documents-panel";
import { useSourceDocuments } from "./documents/source-documents";
import { FirstDelivery } from "./first-delivery";
import { ProviderSteps } from "./provider-steps";
import { RotateSecret } from "./rotate-secret";
import { addressOf, eventInWords, healthOf } from "./sources";
import { HandshakePanel, hasHandshake } from "./upkeep/handshake-panel";
import { UpkeepPanel } from "./upkeep/upkeep-panel";

const CRUMBS = [{ title: "Integrations", to: paths.integrations }];

export function SourcePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const sources = useSources();
  const source = sources.data?.find((source) => source.id === id);
  if (source) return isDeliverySource(source) ? <Deliveries source={source} /> : <DocumentsAlone source={source} />;
  return (
    <Page title="Source" crumbs={CRUMBS}>
      {sources.isPending && <Skeleton lines={6} />}
      {sources.isError && <Failure error={sources.error} onRetry={() => void sources.refetch()} />}
      {sources.data && <Empty>This workspace has no such source. It may have been removed.</Empty>}
    </Page>
  );
}

/** A source of a tool of which documents are read. Its webhooks, if it has some, only say that one has changed. */
function DocumentsAlone({ source }: { source: ListedSource }) {
  const can = useCan();
  const documents = useSourceDocuments(source);
  const read = (
    <div className="grid gap-4">
      <About source={source} />
      {source.upkeep && <UpkeepPanel source={source} upkeep={source.upkeep} />}
      {documents.isPending && <Skeleton lines={4} />}
      {documents.isError && <Failure error={documents.error} onRetry={() => void documents.refetch()} />}
      {documents.data && <DocumentsPanel source={source} documents={documents.data} />}
    </div>
  );
  const handshake = hasHandshake(source) && source.upkeep && <HandshakePanel source={source} upkeep={source.upkeep} />;
  return (
    <Page title={sourceTitle(source)} crumbs={CRUMBS} actions={can.configure && <Remove source={source} />}>
      {handshake ? (
        <Tabs
          label="Source"
          tabs={[
            { key: "documents", title: "Documents", content: read },
            { key: "set-up", title: "Set-up", content: handshake },
          ]}
        />
      ) : (
        read
      )}
    </Page>
  );
}

function Deliveries({ source }: { source: DeliverySource }) {
  const can = useCan();
  const documents = useSourceDocuments(source).data;
  const [rotates, setRotates] = useState(false);
  usePageActions(
    can.configure ? [{ title: "Rotate the secret", icon: <KeyRound />, run: () => setRotates(true) }] : [],
  );
  const actions = can.configure && (
    <>
      <Remove source={source} />
      <Button onClick={() => setRotates(true)}>
        <KeyRound aria-hidden className="size-4" />
        Rotate the secret
      </Button>
    </>
  );
  return (
    <Page
      title={sourceTitle(source)}
      crumbs={CRUMBS}
      actions={actions}
      badges={source.previous_secret_until && <Badge tone="warn">Two secrets valid</Badge>}
    >
      <Tabs
        label="Source"
        tabs={[
          { key: "overview", title: "Overview", content: <Overview source={source} /> },
          ...(documents?.has_documents
            ? [
                {
                  key: "documents",
                  title: "Documents",
                  content: <DocumentsPanel source={source} documents={documents} />,
                },
              ]
            : []),
          {
            key: "set-up",
            title: "Set-up",
            content:
              hasHandshake(source) && source.upkeep ? (
                <HandshakePanel source={source} upkeep={source.upkeep} />
              ) : (
                <SetUp source={source} />
              ),
          },
        ]}
      />
      {rotates && <RotateSecret source={source} onClose={() => setRotates(false)} />}
    </Page>
  );
}

function About({ source }: { source: Source }) {
  const address = addressOf(source);
  const facts: [string, ReactNode][] = [["Provider", providerName(source.provider)], ...linkFacts(source)];
  if (isDeliverySource(source))
    facts.push([
      "Address",
      <span key="address" className="flex items-start gap-1">
        <code className="font-mono text-xs break-all">{address}</code>
        <CopyButton iconOnly text={address} label="Copy the address" />
      </span>,
    ]);
  facts.push(["Added", exactly(source.created_at)]);
  if (source.previous_secret_until)
    facts.push(["Old secret", `accepted until ${exactly(source.previous_secret_until)}`]);
  return (
    <Panel title="About">
      <Facts of={facts} />
    </Panel>
  );
}

function Overview({ source }: { source: DeliverySource }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <div className="grid min-w-0 gap-4">
        <About source={source} />
        {source.upkeep && <UpkeepPanel source={source} upkeep={source.upkeep} />}
        <HealthPanel source={source} />
      </div>
      <Latest source={source} />
    </div>
  );
}

/** The resource that a linked source is, and the account that has it. */
function linkFacts({ resource }: Source): [string, ReactNode][] {
  if (!resource) return [];
  return [
    [resource.kind === "repository" ? "Repository" : "Resource", resource.name ?? resource.provider_id],
    ["Linked from", <Account key="account" id={resource.connection_id} />],
  ];
}

function Account({ id }: { id: string }) {
  const connection = useConnection(id).data;
  return (
    <Go to={paths.connection(id)} className="text-bronze hover:underline">
      {connection ? nameOf(connection) : "the connected account"}
    </Go>
  );
}

function HealthPanel({ source }: { source: Source }) {
  const deliveries = useLatestDeliveries(source.id);
  const health = healthOf(source.id, deliveries.data ?? []);
  return (
    <Panel
      title="Health"
      note={health.all.length === LATEST ? `of its latest ${LATEST} deliveries` : "of all its deliveries"}
    >
      {deliveries.isPending && <Skeleton />}
      {deliveries.isError && <Failure error={deliveries.error} onRetry={() => void deliveries.refetch()} />}
      {deliveries.data &&
        (health.last ? (
          <dl className="grid grid-cols-2 gap-3 p-4 sm:grid-cols-4">
            {["processed", "skipped", "failed", "received"].map((status) => (
              <div key={status}>
                <dt>
                  <Status word={status} />
                </dt>
                <dd className="mt-1 text-lg font-semibold tabular-nums">
                  <Go to={paths.deliveries} search={{ source: source.id, status }} className="hover:underline">
                    {health.counts[status] ?? 0}
                  </Go>
                </dd>
              </div>
            ))}
          </dl>
        ) : (
          <div className="grid gap-3 p-4">
            <FirstDelivery source={source} />
            <Go to={paths.source(source.id)} search={{ tab: "set-up" }} className="text-bronze w-fit hover:underline">
              How it is set up
            </Go>
          </div>
        ))}
    </Panel>
  );
}

function Latest({ source }: { source: Source }) {
  const deliveries = useLatestDeliveries(source.id);
  const { all } = healthOf(source.id, deliveries.data ?? []);
  return (
    <Panel
      title="Latest deliveries"
      actions={
        <Go to={paths.deliveries} search={{ source: source.id }} className="text-bronze text-xs hover:underline">
          All
        </Go>
      }
    >
      {deliveries.isPending && <Skeleton lines={6} />}
      {deliveries.isError && <Failure error={deliveries.error} onRetry={() => void deliveries.refetch()} />}
      {deliveries.data && all.length === 0 && <Empty>Nothing has come in yet.</Empty>}
      <ol className="divide-line divide-y">
        {all.slice(0, 12).map((it) => (
          <li key={it.id} data-kind="delivery">
            <Go
              to={paths.deliveries}
              search={{ source: source.id, open: it.id }}
              className="focus-inside hover:bg-sunken block px-4 py-2"
            >
              <span className="flex items-center gap-2">
                <span className="min-w-0 flex-1 truncate font-medium">{eventInWords(it)}</span>
                <Status word={it.status} />
                <Time at={it.received_at} />
              </span>
              {it.reason && <span className="text-quiet block truncate text-xs">{it.reason}</span>}
            </Go>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function SetUp({ source }: { source: DeliverySource }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title={`At ${providerName(source.provider)}`}>
        <div className="grid gap-4 p-4">
          {source.resource && <LinkedNews id={source.resource.connection_id} tool={providerName(source.provider)} />}
          <ProviderSteps source={source} address={addressOf(source)} />
        </div>
      </Panel>
      <div className="grid min-w-0 gap-4">
        <Panel title="Test">
          <div className="p-4">
            <FirstDelivery source={source} />
          </div>
        </Panel>
        <Panel title="From the shell" note="signed as the provider would sign it">
          <div className="p-4">
            <SampleSnippet provider={source.provider} address={addressOf(source)} />
          </div>
        </Panel>
      </div>
    </div>
  );
}

/** The way in which news of a linked resource come, and whether the steps below are needed for it. */
function LinkedNews({ id, tool }: { id: string; tool: string }) {
  const connection = useConnection(id).data;
  if (!connection) return null;
  return (
    <p className="bg-sunken rounded-md px-3 py-2">
      {connection.kind === "app"
        ? `The app delivers the news of all linked resources, if ${tool} reaches this server. A webhook to this address is needed only if the app sends none.`
        : "History and documents are read without a webhook. News come only by one to this address."}
    </p>
  );
}

function Remove({ source }: { source: Source }) {
  const queries = useQueryClient();
  const go = useGo();
  const [deletesDocuments, setDeletesDocuments] = useState(false);
  const remove = async () => {
    const params = { path: { id: source.id }, query: { delete_documents: deletesDocuments } };
    await data(api.DELETE("/api/sources/{id}", { params }));
    done(`${sourceTitle(source)} was removed`);
    await go(paths.integrations);
    void queries.invalidateQueries({ queryKey: ["source"] });
  };
  return (
    <Confirm
      trigger={
        <Button kind="danger">
          <Trash2 aria-hidden className="size-4" />
          {source.resource ? "Unlink" : "Remove"}
        </Button>
      }
      title={`${source.resource ? "Unlink" : "Remove"} ${sourceTitle(source)}?`}
      action={source.resource ? "Unlink the source" : "Remove the source"}
      onConfirm={remove}
    >
      {source.resource && <p>Nothing more of it comes into the workspace. It can be linked again.</p>}
      {isDeliverySource(source) && (
        <>
          <p>
            Its address stops answering at once: what {providerName(source.provider)} sends there is refused and lost.
            {source.resource ? " If a webhook sends there, remove it too." : " Remove the webhook there too."}
          </p>
          <p>Its past deliveries and all observations stay. The secret cannot be brought back.</p>
        </>
      )}
      {source.resource && (
        <CheckField
          label="Delete its documents too"
          hint="Otherwise they stay, and search finds them as before."
          checked={deletesDocuments}
          onChange={setDeletesDocuments}
        />
      )}
    </Confirm>
  );
}
