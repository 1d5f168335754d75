// One endpoint: how it does, what was tried, and everything that can be done about it.

import { ArrowLeft } from "lucide-react";
import { Tabs } from "radix-ui";

import { Chip, Panel, Skeleton, Time } from "../../components/ui";
import { AttemptList } from "./attempt-list";
import { DaysChart } from "./chart";
import type { Endpoint } from "./client";
import { useRead, useWebhooks } from "./context";
import { EndpointSwitch, HeadersPanel, RemovePanel, SecretPanel } from "./endpoint-settings";
import { RecoverPanel, TestPanel } from "./endpoint-testing";
import { Failure, Heading } from "./parts";
import { TransformationPanel } from "./transformation";
import { Go, places, usePart } from "./places";

const tab = "text-quiet data-[state=active]:text-ink data-[state=active]:border-bronze border-b-2 border-transparent py-2 font-medium cursor-pointer";

export function EndpointPage() {
  const id = usePart("endpoint");
  const endpoint = useRead<Endpoint>(`/endpoint/${id}`);
  const { can } = useWebhooks();
  if (endpoint.isPending) return <Skeleton />;
  if (endpoint.isError) return <Failure error={endpoint.error} />;
  const it = endpoint.data;
  return (
    <>
      <Go to={places.endpoints} className="text-quiet hover:text-ink mb-2 inline-flex items-center gap-1">
        <ArrowLeft className="size-4" /> All endpoints
      </Go>
      <Heading title={it.url} note={it.description}>
        {it.disabled && <Chip>disabled</Chip>}
        {can("ManageEndpoint") && (
          <>
            <EndpointSwitch endpoint={it} />
            <Go to={places.editEndpoint(it.id)} className="text-bronze hover:underline">Change</Go>
          </>
        )}
      </Heading>
      <Tabs.Root defaultValue="overview">
        <Tabs.List aria-label="Endpoint" className="border-line mb-4 flex gap-4 border-b">
          <Tabs.Trigger value="overview" className={tab}>Overview</Tabs.Trigger>
          <Tabs.Trigger value="testing" className={tab}>Testing</Tabs.Trigger>
          <Tabs.Trigger value="advanced" className={tab}>Advanced</Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content value="overview" className="grid gap-4">
          <div className="grid items-start gap-4 md:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
            <Panel title="Two weeks"><DaysChart endpoint={it.id} /></Panel>
            <Facts endpoint={it} />
          </div>
          <AttemptList endpoint={it.id} />
        </Tabs.Content>
        <Tabs.Content value="testing" className="grid gap-4">
          <TestPanel endpoint={it.id} />
          <RecoverPanel endpoint={it.id} />
        </Tabs.Content>
        <Tabs.Content value="advanced" className="grid gap-4">
          <SecretPanel endpoint={it.id} />
          <HeadersPanel endpoint={it.id} />
          <TransformationPanel endpoint={it.id} />
          {can("ManageEndpoint") && <RemovePanel endpoint={it.id} />}
        </Tabs.Content>
      </Tabs.Root>
    </>
  );
}

function Facts({ endpoint }: { endpoint: Endpoint }) {
  return (
    <Panel title="What it is sent">
      <dl className="grid gap-2 p-4 text-xs">
        <dt className="text-quiet">Events</dt>
        <dd className="flex flex-wrap gap-1.5">{endpoint.eventTypes?.map((name) => <Chip key={name}>{name}</Chip>) ?? "all"}</dd>
        <dt className="text-quiet">Channels</dt>
        <dd className="flex flex-wrap gap-1.5">{endpoint.channels?.map((name) => <Chip key={name}>{name}</Chip>) ?? "all"}</dd>
        <dt className="text-quiet">Limit</dt>
        <dd>{endpoint.throttleRate ? `${endpoint.throttleRate} a second` : "none"}</dd>
        <dt className="text-quiet">Added</dt>
        <dd><Time at={endpoint.createdAt} /></dd>
      </dl>
    </Panel>
  );
}
