// One recipient: a user, an object or a tenant, with all that is known of it.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";

import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { CopyButton } from "../../../components/ui/copy-button";
import { Confirm, Dialog, DialogActions } from "../../../components/ui/dialog";
import { useGo } from "../../../components/ui/go";
import { EmptyState, Failure, Page, Skeleton } from "../../../components/ui/page";
import { type Tab, Tabs } from "../../../components/ui/tabs";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import { api, data, type Schemas, useSession } from "../../../lib/api";
import { paths } from "../../../lib/paths";
import { MessagesTable } from "../messages/messages-list";
import { FormFailure } from "../parts/form-failure";
import { nameIn, RecipientField, type Reference, TENANTS, wordOf } from "../parts/recipient";
import { RunsTable } from "../runs/runs-list";
import { ChannelDataTab } from "./channel-data";
import { PropertiesPanel } from "./properties-panel";
import { RecipientPreferences, TenantDefaults } from "./recipient-preferences";
import { SchedulesTab } from "./schedules";
import { SubscriptionsTab } from "./subscriptions";

type Recipient = Schemas["KnockRecipient"];

export function UserPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  return <RecipientPage key={id} reference={id} kind="users" />;
}

export function ObjectPage() {
  const { collection, id } = useParams({ strict: false }) as { collection: string; id: string };
  return <RecipientPage key={`${collection}/${id}`} reference={{ collection, id }} kind="objects" />;
}

export function TenantPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  return <RecipientPage key={id} reference={{ collection: TENANTS, id }} kind="tenants" />;
}

type Kind = "users" | "objects" | "tenants";
const KINDS: Record<Kind, string> = { users: "User", objects: "Object", tenants: "Tenant" };

function read(reference: Reference): Promise<Recipient> {
  if (typeof reference === "string")
    return data(api.GET("/v1/users/{user}", { params: { path: { user: reference } } }));
  if (reference.collection === TENANTS)
    return data(api.GET("/v1/tenants/{id}", { params: { path: { id: reference.id } } }));
  return data(api.GET("/v1/objects/{collection}/{id}", { params: { path: reference } }));
}

function RecipientPage({ reference, kind }: { reference: Reference; kind: Kind }) {
  const recipient = useQuery({ queryKey: ["recipient-page", wordOf(reference), kind], queryFn: () => read(reference) });
  const it = recipient.data;
  const collection = typeof reference === "string" ? undefined : reference.collection;
  return (
    <Page
      title={nameIn(it) ?? (typeof reference === "string" ? reference : reference.id)}
      crumbs={[{ title: "Recipients", to: `${paths.recipients}` }]}
      badges={<Badge>{kind === "objects" ? collection : KINDS[kind]}</Badge>}
      lead={
        <span className="flex flex-wrap items-center gap-x-3">
          <span className="flex items-center gap-1">
            <code className="font-mono text-xs">{typeof reference === "string" ? reference : reference.id}</code>
            <CopyButton iconOnly text={typeof reference === "string" ? reference : reference.id} label="Copy the id" />
          </span>
          {it?.updated_at && (
            <span>
              changed <Time at={it.updated_at} />
            </span>
          )}
        </span>
      }
      actions={it && <Actions reference={reference} kind={kind} name={nameIn(it) ?? wordOf(reference)} />}
    >
      {recipient.isPending && <Skeleton lines={8} />}
      {recipient.isError && <Failure error={recipient.error} onRetry={() => void recipient.refetch()} />}
      {it && <Tabs label="Parts of the recipient" tabs={tabsOf(reference, it)} />}
    </Page>
  );
}

function tabsOf(reference: Reference, recipient: Recipient): Tab[] {
  return [
    {
      key: "properties",
      title: "Properties",
      content: <PropertiesPanel key={recipient.updated_at} reference={reference} recipient={recipient} />,
    },
    {
      key: "preferences",
      title: "Preferences",
      content:
        recipient.__typename === "Tenant" ? (
          <TenantDefaults tenant={recipient} />
        ) : (
          <RecipientPreferences reference={reference} />
        ),
    },
    { key: "channels", title: "Channel data", content: <ChannelDataTab reference={reference} /> },
    { key: "messages", title: "Messages", content: <Messages reference={reference} /> },
    {
      key: "runs",
      title: "Runs",
      content: (
        <Framed>
          <RunsTable
            name="runs-of-recipient"
            filter={{ recipient: wordOf(reference) }}
            without={["recipient"]}
            empty={<EmptyState title="No runs yet">No workflow was triggered for this recipient yet.</EmptyState>}
          />
        </Framed>
      ),
    },
    { key: "schedules", title: "Schedules", content: <SchedulesTab reference={reference} /> },
    {
      key: "subscriptions",
      title: typeof reference === "string" ? "Follows" : "Subscribers",
      content: <SubscriptionsTab reference={reference} />,
    },
  ];
}

function Framed({ children }: { children: React.ReactNode }) {
  return (
    <div className="border-line flex h-[calc(100dvh-18rem)] min-h-80 flex-col overflow-hidden rounded-lg border">
      {children}
    </div>
  );
}

function Messages({ reference }: { reference: Reference }) {
  const session = useSession();
  const members = useQuery({
    queryKey: ["member", "ids"],
    queryFn: async () => (await data(api.GET("/api/members"))).data,
  });
  const isOthers = reference !== session.data?.member.id && members.data?.some(({ id }) => id === reference);
  if (members.isPending) return <Skeleton />;
  if (isOthers) {
    return (
      <EmptyState title="Messages of other members are private">
        Members read their own messages. The tab Runs says what was sent to this member, and why something was not.
      </EmptyState>
    );
  }
  return (
    <Framed>
      <MessagesTable
        name="messages-of-recipient"
        filter={{}}
        recipient={reference}
        without={["recipient"]}
        empty={<EmptyState title="No messages yet">Nothing was sent to this recipient yet.</EmptyState>}
      />
    </Framed>
  );
}

function remove(reference: Reference) {
  if (typeof reference === "string")
    return data(api.DELETE("/v1/users/{user}", { params: { path: { user: reference } } }));
  if (reference.collection === TENANTS)
    return data(api.DELETE("/v1/tenants/{id}", { params: { path: { id: reference.id } } }));
  return data(api.DELETE("/v1/objects/{collection}/{id}", { params: { path: reference } }));
}

function Actions({ reference, kind, name }: { reference: Reference; kind: Kind; name: string }) {
  const go = useGo();
  const queries = useQueryClient();
  const [merges, setMerges] = useState(false);
  const destroy = async () => {
    await remove(reference);
    void queries.invalidateQueries({ queryKey: ["list", "recipients"] });
    done(`“${name}” is deleted.`);
    await go(paths.recipients, { search: { tab: kind === "users" ? undefined : kind } });
  };
  return (
    <>
      {typeof reference === "string" && <Button onClick={() => setMerges(true)}>Merge…</Button>}
      <Confirm
        trigger={<Button kind="danger">Delete…</Button>}
        title={`Delete “${name}”?`}
        action="Delete"
        onConfirm={destroy}
      >
        <p>
          Properties, preferences, channel data, subscriptions and schedules are gone. Messages that were sent stay.
        </p>
      </Confirm>
      {merges && typeof reference === "string" && (
        <MergeDialog into={reference} name={name} onClose={() => setMerges(false)} />
      )}
    </>
  );
}

function MergeDialog({ into, name, onClose }: { into: string; name: string; onClose: () => void }) {
  const queries = useQueryClient();
  const [from, setFrom] = useState("");
  const merge = useMutation({
    mutationFn: () =>
      data(
        api.POST("/v1/users/{user}/merge", { params: { path: { user: into } }, body: { from_user_id: from.trim() } }),
      ),
    onSuccess: () => {
      for (const key of ["recipient-page", "recipient", "users", "preferences", "subscriptions", "schedules"])
        void queries.invalidateQueries({ queryKey: [key] });
      void queries.invalidateQueries({ queryKey: ["list", "recipients"] });
      onClose();
      done(`“${from}” is merged into “${name}”.`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    merge.mutate();
  };
  return (
    <Dialog
      title={`Merge a user into “${name}”`}
      lead="What the other user has comes to this one, and the other user is gone. This cannot be taken back."
      open
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-4">
        <RecipientField label="User that is merged" required value={from} onChange={setFrom} />
        <FormFailure error={merge.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="danger" busy={merge.isPending} disabled={from.trim() === into}>
            Merge
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
