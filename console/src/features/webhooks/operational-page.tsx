// Operational webhooks: endpoints of the organisation's own, which are told when other endpoints change and when messages fail.

import { Plus, Webhook } from "lucide-react";

import { Badge, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { WithPanel } from "../../components/ui/detail-panel";
import { EmptyState, Page } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { Time } from "../../components/ui/time";
import { usePageActions } from "../../lib/actions";
import { api, data } from "../../lib/api";
import { svixPage, useList } from "../../lib/list";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import type { OperationalEndpoint } from "./client";
import { OperationalForm } from "./operational-form";
import { OperationalPanel } from "./operational-panel";

const COLUMNS: Column<OperationalEndpoint>[] = [
  {
    key: "url",
    title: "Endpoint",
    cell: (it) => <Address endpoint={it} />,
    text: (it) => it.url,
    width: "minmax(16rem, 4fr)",
  },
  {
    key: "state",
    title: "State",
    cell: (it) => <Status word={it.disabled ? "disabled" : "active"} />,
    text: (it) => (it.disabled ? "disabled" : "active"),
    width: "7rem",
    phone: "first",
  },
  {
    key: "events",
    title: "Events",
    cell: (it) => (it.eventTypes ? <Badge>{it.eventTypes.length} chosen</Badge> : "all"),
    text: (it) => it.eventTypes?.join(" ") ?? "all",
    width: "7rem",
  },
  {
    key: "created",
    title: "Created",
    cell: (it) => <Time at={it.createdAt} />,
    text: (it) => it.createdAt,
    width: "7rem",
    align: "end",
  },
];

export function OperationalPage() {
  const url = useUrl();
  const { configure: mayConfigure } = useCan();
  const list = useList<OperationalEndpoint>({
    key: ["webhooks", "operational"],
    page: async (iterator) =>
      svixPage(
        await data(api.GET("/api/v1/operational-webhook/endpoint", { params: { query: { limit: 100, iterator } } })),
      ),
    idOf: ({ id }) => id,
    every: 15_000,
  });
  const create = () => url.set({ new: "endpoint" });
  const edited = list.rows.find(({ id }) => id === url.get("edit"));
  usePageActions(mayConfigure ? [{ title: "Add operational endpoint", icon: <Plus />, run: create }] : []);
  return (
    <Page
      title="Operational webhooks"
      lead="Your own endpoints, told when an endpoint is added, changed or disabled, and when messages fail, recover or are given up."
      fills
      actions={
        mayConfigure && (
          <Button kind="primary" onClick={create}>
            <Plus aria-hidden className="size-4" />
            Add endpoint
          </Button>
        )
      }
    >
      <WithPanel panel={(id) => <OperationalPanel id={id} />}>
        <DataTable
          name="operational"
          label="Operational endpoints"
          list={list}
          columns={COLUMNS}
          idOf={({ id }) => id}
          titleOf={({ url }) => url}
          empty={<NothingYet />}
        />
      </WithPanel>
      {url.get("new") === "endpoint" && <OperationalForm onClose={() => url.set({ new: undefined })} />}
      {edited && <OperationalForm before={edited} onClose={() => url.set({ edit: undefined })} />}
    </Page>
  );
}

function Address({ endpoint }: { endpoint: OperationalEndpoint }) {
  return (
    <span className="flex min-w-0 items-baseline gap-2">
      <span className="truncate font-medium">{endpoint.url}</span>
      {endpoint.description && (
        <span className="text-quiet hidden truncate text-xs sm:inline">{endpoint.description}</span>
      )}
    </span>
  );
}

function NothingYet() {
  const body = `{"url": "https://example.com/operations", "filterTypes": ["endpoint.disabled"]}`;
  return (
    <EmptyState icon={<Webhook />} title="No operational endpoints yet">
      <p>Add one to be told when a customer's endpoint is disabled, without looking here.</p>
      <Snippet
        label="Add an operational endpoint"
        tabs={[
          {
            name: "curl",
            code: `curl ${location.origin}/api/v1/operational-webhook/endpoint -H "Authorization: Bearer $CAMPANILE_KEY" \\\n  -H "Content-Type: application/json" -d '${body}'`,
          },
          {
            name: "JavaScript",
            code: `import { Svix } from "svix";\n\nconst svix = new Svix(process.env.CAMPANILE_KEY, { serverUrl: "${location.origin}" });\nawait svix.operationalWebhook.endpoint.create(${body});`,
          },
        ]}
      />
    </EmptyState>
  );
}
