// One event type: its description, its group, and the schema of its payload in each version, with an example.

import { useMutation, useQuery } from "@tanstack/react-query";
import { Archive, ArchiveRestore, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { Confirm } from "../../components/ui/dialog";
import { CheckField, Field } from "../../components/ui/field";
import { useGo } from "../../components/ui/go";
import { Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { done, notDone } from "../../components/ui/toast";
import { api, data, type Schemas } from "../../lib/api";
import { isSame } from "../../lib/json";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { type EventType, exampleOf } from "./client";
import { usePart, useRefresh } from "./context";
import { State } from "./event-types-page";
import { SchemaEditor, schemasOf, textsOf } from "./schema-editor";
import { Unsaved } from "./unsaved";

const CRUMBS = [{ title: "Event types", to: paths.eventTypes }];

export function EventTypePage() {
  const name = usePart("name") ?? "";
  const type = useQuery({
    queryKey: ["webhooks", "event type", name],
    queryFn: () => data(api.GET("/api/v1/event-type/{name}", { params: { path: { name } } })),
  });
  if (type.data) return <Known key={name} type={type.data} />;
  return (
    <Page title={name} crumbs={CRUMBS}>
      {type.isPending ? <Skeleton lines={6} /> : <Failure error={type.error} onRetry={() => void type.refetch()} />}
    </Page>
  );
}

export function NewEventTypePage() {
  return (
    <Page
      title="New event type"
      crumbs={CRUMBS}
      lead="Names are words with dots between them: the part before the first dot is the group."
    >
      <Form />
    </Page>
  );
}

function Known({ type }: { type: EventType }) {
  const { configure: mayConfigure } = useCan();
  return (
    <Page
      title={type.name}
      lead={type.description}
      crumbs={CRUMBS}
      badges={<State of={type} />}
      actions={mayConfigure && <Actions type={type} />}
    >
      <Form before={type} />
    </Page>
  );
}

function Actions({ type }: { type: EventType }) {
  const go = useGo();
  const refresh = useRefresh();
  const path = { params: { path: { name: type.name } } };
  const archive = useMutation({
    mutationFn: (archived: boolean) => data(api.PATCH("/api/v1/event-type/{name}", { ...path, body: { archived } })),
    onSuccess: async ({ archived }) => {
      done(archived ? `${type.name} is archived` : `${type.name} is active again`, () => archive.mutate(!archived));
      await refresh();
    },
    onError: (error) => notDone("Nothing has changed", error),
  });
  const remove = async () => {
    await data(api.DELETE("/api/v1/event-type/{name}", { params: { ...path.params, query: { expunge: true } } }));
    await go(paths.eventTypes);
    done(`${type.name} is deleted`);
    await refresh();
  };
  return (
    <>
      <Confirm
        trigger={
          <Button kind="danger">
            <Trash2 aria-hidden className="size-4" />
            Delete
          </Button>
        }
        title={`Delete ${type.name}?`}
        action="Delete event type"
        onConfirm={remove}
      >
        <p>Its description and schemas are gone. Messages of this type stay, and can still be sent.</p>
      </Confirm>
      <Button busy={archive.isPending} onClick={() => archive.mutate(!type.archived)}>
        {type.archived ? <ArchiveRestore aria-hidden className="size-4" /> : <Archive aria-hidden className="size-4" />}
        {type.archived ? "Restore" : "Archive"}
      </Button>
    </>
  );
}

type Asked = {
  name: string;
  description: string;
  groupName: string;
  deprecated: boolean;
  featureFlags: string;
  schemas: Record<string, string>;
};

const startOf = (before: EventType | undefined): Asked => ({
  name: before?.name ?? "",
  description: before?.description ?? "",
  groupName: before?.groupName ?? "",
  deprecated: before?.deprecated ?? false,
  featureFlags: before?.featureFlags?.join(", ") ?? "",
  schemas: textsOf(before?.schemas),
});

function Form({ before }: { before?: EventType }) {
  const { configure: mayConfigure } = useCan();
  const start = startOf(before);
  const [asked, setAsked] = useState(start);
  const [problem, setProblem] = useState<string>();
  const [isOut, setOut] = useState(false);
  const go = useGo();
  const refresh = useRefresh();
  const set = (change: Partial<Asked>) => setAsked({ ...asked, ...change });
  const store = useMutation({
    mutationFn: (schemas: Schemas["SvixEventTypeIn"]["schemas"]) => {
      const flags = asked.featureFlags
        .split(",")
        .map((flag) => flag.trim())
        .filter(Boolean);
      const { name, description, deprecated } = asked;
      const body = {
        description,
        deprecated,
        groupName: asked.groupName.trim() || null,
        featureFlags: flags.length > 0 ? flags : null,
        schemas,
      };
      return data(
        before
          ? api.PATCH("/api/v1/event-type/{name}", { params: { path: { name } }, body })
          : api.POST("/api/v1/event-type", { body: { name, ...body } }),
      );
    },
  });
  const save = async () => {
    const read = schemasOf(asked.schemas);
    setProblem("problem" in read ? read.problem : undefined);
    if ("problem" in read) return;
    const stored = await store.mutateAsync(read.schemas).catch(() => undefined);
    if (!stored) return;
    done(`${stored.name} is saved`);
    await refresh();
    if (before) return setAsked(startOf(stored));
    setOut(true);
    setTimeout(() => void go(paths.eventType(stored.name)));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save();
  };
  const isChanged = !isSame(asked, start);
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Unsaved when={!isOut && isChanged} />
      <Panel title="About">
        <div className="grid gap-4 p-4 sm:grid-cols-2">
          {!before && (
            <Field
              label="Name"
              required
              autoFocus
              placeholder="invoice.paid"
              pattern="[a-zA-Z0-9\-_.]+"
              value={asked.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
          <Field
            label="Description"
            required
            readOnly={!mayConfigure}
            value={asked.description}
            onChange={(event) => set({ description: event.target.value })}
          />
          <Field
            label="Group"
            hint="Empty: the part of the name before the first dot."
            readOnly={!mayConfigure}
            value={asked.groupName}
            onChange={(event) => set({ groupName: event.target.value })}
          />
          <Field
            label="Feature flags"
            hint="Only portal links with one of them show it. Empty: all do."
            readOnly={!mayConfigure}
            value={asked.featureFlags}
            onChange={(event) => set({ featureFlags: event.target.value })}
          />
          <div className="self-center">
            <CheckField
              label="Deprecated"
              hint="It can still be sent; receivers are told not to begin with it."
              disabled={!mayConfigure}
              checked={asked.deprecated}
              onChange={(deprecated) => set({ deprecated })}
            />
          </div>
        </div>
      </Panel>
      <SchemaEditor
        name={asked.name || "the event type"}
        schemas={asked.schemas}
        onChange={(schemas) => set({ schemas })}
        readOnly={!mayConfigure}
        onSave={() => void save()}
      />
      {problem && (
        <p role="alert" className="text-bad">
          {problem}
        </p>
      )}
      {store.isError && (
        <div className="-mx-4">
          <Failure error={store.error} />
        </div>
      )}
      {mayConfigure && (
        <p className="flex flex-wrap items-center gap-2">
          <Button type="submit" kind="primary" busy={store.isPending} disabled={Boolean(before) && !isChanged}>
            {before ? "Save" : "Create event type"}
          </Button>
          {before && isChanged && <Button onClick={() => setAsked(start)}>Discard changes</Button>}
          {before && (
            <CopyButton text={() => JSON.stringify(exampleOf(before) ?? {}, null, 2)} label="Copy the example" />
          )}
        </p>
      )}
    </form>
  );
}
