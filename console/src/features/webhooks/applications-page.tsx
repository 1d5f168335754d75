// All applications: the workspace's own first, then those of customers.

import { useQuery } from "@tanstack/react-query";
import { AppWindow, Plus } from "lucide-react";

import { Badge, Code } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { FilterBar, useFilters } from "../../components/ui/filter-bar";
import { useGo } from "../../components/ui/go";
import { EmptyState, Page } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { Time } from "../../components/ui/time";
import { usePageActions } from "../../lib/actions";
import { api, data } from "../../lib/api";
import { svixPage, useList } from "../../lib/list";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { useUrl, useWorkspaceId } from "../../lib/url";
import { ApplicationForm } from "./application-form";
import type { Application } from "./client";
import { kindOf, useApplication } from "./in-application";
import { matching } from "./matching";

const SEARCH = { key: "q", label: "Search names and UIDs" };

export function ApplicationsPage() {
  const workspace = useWorkspaceId();
  const go = useGo();
  const url = useUrl();
  const { configure: mayConfigure } = useCan();
  const { set, isFiltered } = useFilters([], SEARCH.key);
  const own = useApplication(workspace);
  const list = useList({
    key: ["webhooks", "applications"],
    page: async (iterator) =>
      svixPage(await data(api.GET("/api/v1/app", { params: { query: { limit: 100, iterator } } }))),
    idOf: ({ id }) => id,
    every: 15_000,
  });
  const others = list.rows.filter(({ id }) => id !== own.data?.id);
  const rows = matching(own.data ? [own.data, ...others] : others, set.q, ({ name, uid, id }) => [name, uid, id]);
  const isNew = url.get("new") === "application";
  const close = () => url.set({ new: undefined });
  const create = () => url.set({ new: "application" });
  usePageActions(mayConfigure ? [{ title: "New application", icon: <Plus />, run: create }] : []);
  const columns: Column<Application>[] = [
    {
      key: "name",
      title: "Name",
      cell: (it) => <Name application={it} isHere={it.uid === workspace} />,
      text: (it) => it.name,
      width: "minmax(14rem, 3fr)",
    },
    {
      key: "uid",
      title: "UID",
      cell: (it) => (it.uid ? <Code>{it.uid}</Code> : <span className="text-quiet">none</span>),
      text: (it) => it.uid,
      width: "minmax(10rem, 2fr)",
    },
    { key: "endpoints", title: "Endpoints", cell: (it) => <EndpointCount app={it.id} />, width: "7rem", align: "end" },
    {
      key: "limit",
      title: "Rate limit",
      cell: (it) => (it.throttleRate ? `${it.throttleRate}/s` : "none"),
      text: (it) => it.throttleRate,
      width: "6rem",
      align: "end",
      optional: true,
    },
    {
      key: "created",
      title: "Created",
      cell: (it) => <Time at={it.createdAt} />,
      text: (it) => it.createdAt,
      width: "8rem",
      align: "end",
      phone: "first",
    },
    {
      key: "id",
      title: "Id",
      cell: (it) => <Code>{it.id}</Code>,
      text: (it) => it.id,
      width: "minmax(10rem, 2fr)",
      optional: true,
    },
  ];
  return (
    <Page
      title="Applications"
      lead="Who gets webhooks: this workspace itself, and each of your customers with endpoints and messages of their own."
      fills
      actions={
        mayConfigure && (
          <Button kind="primary" onClick={create}>
            <Plus aria-hidden className="size-4" />
            New application
          </Button>
        )
      }
    >
      <FilterBar name="applications" filters={[]} search={SEARCH} />
      <DataTable
        name="applications"
        label="Applications"
        list={{ ...list, rows }}
        columns={columns}
        idOf={({ id }) => id}
        titleOf={({ name }) => name}
        isFiltered={isFiltered}
        onOpen={({ id, uid }) => void go(paths.application(uid ?? id))}
        empty={<NothingYet />}
      />
      {isNew && <ApplicationForm onClose={close} onDone={({ uid, id }) => void go(paths.application(uid ?? id))} />}
    </Page>
  );
}

function Name({ application, isHere }: { application: Application; isHere: boolean }) {
  const kind = kindOf(application);
  return (
    <span className="flex min-w-0 items-center gap-2">
      <span className="truncate font-medium">{application.name}</span>
      {kind === "workspace" && (
        <Badge tone={isHere ? "bronze" : "quiet"}>{isHere ? "this workspace" : "workspace"}</Badge>
      )}
      {kind === "notifications" && <Badge>notifications</Badge>}
    </span>
  );
}

const MOST = 250;

/** How many endpoints it has, and how many of them are disabled. */
function EndpointCount({ app }: { app: string }) {
  const endpoints = useQuery({
    queryKey: ["webhooks", app, "endpoint count"],
    queryFn: () => data(api.GET("/api/v1/app/{app}/endpoint", { params: { path: { app }, query: { limit: MOST } } })),
    staleTime: 60_000,
  });
  if (!endpoints.data) return <span className="text-quiet">…</span>;
  const off = endpoints.data.data.filter(({ disabled }) => disabled).length;
  return (
    <span className="inline-flex items-center gap-2">
      {off > 0 && <Badge tone="warn">{off} disabled</Badge>}
      <span>
        {endpoints.data.data.length}
        {endpoints.data.done ? "" : "+"}
        <span className="text-quiet text-xs"> {endpoints.data.data.length === 1 ? "endpoint" : "endpoints"}</span>
      </span>
    </span>
  );
}

function NothingYet() {
  const body = `{"name": "Acme Inc.", "uid": "acme"}`;
  return (
    <EmptyState icon={<AppWindow />} title="No applications yet">
      <p>Make one for each customer who may have endpoints.</p>
      <Snippet
        label="Create an application"
        tabs={[
          {
            name: "curl",
            code: `curl ${location.origin}/api/v1/app -H "Authorization: Bearer $CAMPANILE_KEY" \\\n  -H "Content-Type: application/json" -d '${body}'`,
          },
          {
            name: "JavaScript",
            code: `import { Svix } from "svix";\n\nconst svix = new Svix(process.env.CAMPANILE_KEY, { serverUrl: "${location.origin}" });\nawait svix.application.create(${body});`,
          },
        ]}
      />
    </EmptyState>
  );
}
