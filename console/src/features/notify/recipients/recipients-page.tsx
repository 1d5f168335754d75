// All recipients: users, objects by collection, tenants, and the members of audiences.

import { Plus, Users } from "lucide-react";
import { type ReactNode, useState } from "react";

import { Button } from "../../../components/ui/button";
import { type Column, DataTable } from "../../../components/ui/data-table";
import { FilterBar } from "../../../components/ui/filter-bar";
import { useGo } from "../../../components/ui/go";
import { EmptyState, Page } from "../../../components/ui/page";
import { Snippet } from "../../../components/ui/snippet";
import { Segments } from "../../../components/ui/tabs";
import { Time } from "../../../components/ui/time";
import { usePageActions } from "../../../lib/actions";
import { ApiError, api, data, type Schemas } from "../../../lib/api";
import { asText } from "../../../lib/json";
import { useList } from "../../../lib/list";
import { paths } from "../../../lib/paths";
import { useUrl } from "../../../lib/url";
import { nameIn, propertiesOf } from "../parts/recipient";
import { Audiences } from "./audiences";
import { NameField } from "./name-field";
import { NewRecipient } from "./new-recipient";

type Kind = "users" | "objects" | "tenants" | "audiences";
const KINDS: [Kind, string][] = [
  ["users", "Users"],
  ["objects", "Objects"],
  ["tenants", "Tenants"],
  ["audiences", "Audiences"],
];
type Recipient = Schemas["KnockRecipient"];

export function RecipientsPage() {
  const url = useUrl();
  const [adds, setAdds] = useState(false);
  const kind = KINDS.find(([key]) => key === url.get("tab"))?.[0] ?? "users";
  usePageActions([{ title: "Add a recipient", icon: <Plus className="size-4" />, run: () => setAdds(true) }]);
  return (
    <Page
      fills
      title="Recipients"
      lead="Who and what can be notified, and how each is reached."
      actions={
        kind !== "audiences" && (
          <Button kind="primary" onClick={() => setAdds(true)}>
            <Plus aria-hidden className="size-4" />
            {{ users: "Add a user", objects: "Add an object", tenants: "Add a tenant" }[kind]}
          </Button>
        )
      }
    >
      <div className="px-4 pb-3 sm:px-6">
        <Segments
          label="Kind of recipients"
          value={kind}
          options={KINDS}
          onChange={(next) => url.set({ tab: next === "users" ? undefined : next, q: undefined, open: undefined })}
        />
      </div>
      {kind === "users" && <UserList />}
      {kind === "objects" && <ObjectList />}
      {kind === "tenants" && <TenantList />}
      {kind === "audiences" && <Audiences />}
      {adds && kind !== "audiences" && (
        <NewRecipient kind={kind} collection={url.get("collection") ?? "projects"} onClose={() => setAdds(false)} />
      )}
    </Page>
  );
}

const text = (recipient: Recipient, name: string) => asText(propertiesOf(recipient)[name]);

const COLUMNS: Column<Recipient>[] = [
  {
    key: "name",
    title: "Name",
    cell: (it) => <span className="font-medium">{nameIn(it) ?? it.id}</span>,
    text: (it) => nameIn(it),
    width: "minmax(10rem, 2fr)",
  },
  {
    key: "id",
    title: "Id",
    cell: (it) => <code className="font-mono text-xs">{it.id}</code>,
    text: (it) => it.id,
    width: "minmax(8rem, 1fr)",
    phone: "none",
  },
  {
    key: "email",
    title: "Mail address",
    cell: (it) => text(it, "email"),
    text: (it) => text(it, "email"),
    width: "minmax(10rem, 2fr)",
  },
  {
    key: "phone",
    title: "Phone",
    cell: (it) => text(it, "phone_number"),
    text: (it) => text(it, "phone_number"),
    optional: true,
    phone: "none",
  },
  {
    key: "timezone",
    title: "Time zone",
    cell: (it) => text(it, "timezone"),
    text: (it) => text(it, "timezone"),
    optional: true,
    phone: "none",
  },
  {
    key: "locale",
    title: "Language",
    cell: (it) => text(it, "locale"),
    text: (it) => text(it, "locale"),
    optional: true,
    phone: "none",
  },
  {
    key: "updated",
    title: "Changed",
    cell: (it) => <Time at={it.updated_at} />,
    text: (it) => it.updated_at,
    width: "6.5rem",
    align: "end",
  },
];

/** One recipient by its id; none where there is none. */
async function single(read: Promise<Recipient>): Promise<{ items: Recipient[]; next: null }> {
  try {
    return { items: [await read], next: null };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { items: [], next: null };
    throw error;
  }
}

/** Users whose name, mail address or id begins with a text. */
async function found(q: string): Promise<{ items: Recipient[]; next: null }> {
  const users = (await data(api.GET("/api/recipients/users", { params: { query: { q } } }))).data;
  return { items: users.map((user) => ({ __typename: "User", created_at: null, ...user })), next: null };
}

type RecipientTableProps = {
  name: string;
  label: string;
  page: (after: string | undefined, q: string | undefined) => Promise<{ items: Recipient[]; next?: string | null }>;
  pathOf: (recipient: Recipient) => string;
  searches: string;
  part?: string;
  tools?: ReactNode;
  empty: ReactNode;
};

function RecipientTable({ name, label, page, pathOf, searches, part, tools, empty }: RecipientTableProps) {
  const go = useGo();
  const q = useUrl().get("q");
  const list = useList<Recipient>({
    key: ["recipients", name, part, q],
    page: (after) => page(after, q),
    idOf: ({ id }) => id,
    every: 10_000,
  });
  return (
    <>
      <FilterBar name={name} filters={[]} search={{ key: "q", label: searches }}>
        {tools}
      </FilterBar>
      <DataTable
        name={name}
        label={label}
        list={list}
        columns={COLUMNS}
        idOf={({ id }) => id}
        titleOf={(it) => nameIn(it) ?? it.id}
        isFiltered={q !== undefined}
        onOpen={(recipient) => void go(pathOf(recipient))}
        empty={empty}
      />
    </>
  );
}

const snippets = (path: string, body: object) => [
  {
    name: "curl",
    code: `curl -X PUT ${location.origin}${path} \\\n  -H "authorization: Bearer $CAMPANILE_KEY" -H "content-type: application/json" \\\n  -d '${JSON.stringify(body)}'`,
  },
];

function UserList() {
  return (
    <RecipientTable
      name="users"
      label="Users"
      searches="Find users by name, mail address or id"
      page={async (after, q) => {
        if (q) return found(q);
        const { entries, page_info } = await data(
          api.GET("/v1/users", { params: { query: { page_size: 50, ...(after && { after }) } } }),
        );
        return { items: entries, next: page_info.after };
      }}
      pathOf={({ id }) => paths.user(id)}
      empty={
        <EmptyState icon={<Users />} title="No users yet">
          A user is known once it is identified, or once a workflow is triggered for it.
          <Snippet
            label="Identify a user"
            tabs={snippets("/v1/users/jane", { name: "Jane", email: "jane@example.com" })}
          />
        </EmptyState>
      }
    />
  );
}

function ObjectList() {
  const url = useUrl();
  const collection = url.get("collection") ?? "workspaces";
  return (
    <RecipientTable
      name="objects"
      part={collection}
      label={`Objects of ${collection}`}
      searches="Find an object by id"
      page={async (after, q) => {
        if (q)
          return single(data(api.GET("/v1/objects/{collection}/{id}", { params: { path: { collection, id: q } } })));
        const { entries, page_info } = await data(
          api.GET("/v1/objects/{collection}", {
            params: { path: { collection }, query: { page_size: 50, ...(after && { after }) } },
          }),
        );
        return { items: entries, next: page_info.after };
      }}
      pathOf={({ id }) => paths.object(collection, id)}
      tools={
        <NameField
          key={collection}
          label="Collection"
          value={collection}
          kept="collections"
          known={["workspaces"]}
          onChange={(next) => url.set({ collection: next, q: undefined })}
        />
      }
      empty={
        <EmptyState title={`No objects in “${collection}”`}>
          An object is what users can follow: a project, a document. Write another collection above, or make an object.
          <Snippet label="Make an object" tabs={snippets("/v1/objects/projects/alpha", { name: "Project Alpha" })} />
        </EmptyState>
      }
    />
  );
}

function TenantList() {
  return (
    <RecipientTable
      name="tenants"
      label="Tenants"
      searches="Find tenants by name"
      page={async (after, q) => {
        const { entries, page_info } = await data(
          api.GET("/v1/tenants", {
            params: { query: { page_size: 50, ...(q && { name: q }), ...(after && { after }) } },
          }),
        );
        return { items: entries, next: page_info.after };
      }}
      pathOf={({ id }) => paths.tenant(id)}
      empty={
        <EmptyState title="No tenants yet">
          A tenant is a customer of yours, with its own branding, channels and preferences.
          <Snippet label="Make a tenant" tabs={snippets("/v1/tenants/acme", { name: "Acme Inc." })} />
        </EmptyState>
      }
    />
  );
}
