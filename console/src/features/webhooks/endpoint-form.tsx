// Adding an endpoint, and changing one.

import { type FormEvent, useState } from "react";

import { Button, buttonLook } from "../../components/ui/button";
import { Field } from "../../components/ui/field";
import { Failure, Skeleton } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { isSame } from "../../lib/json";
import type { Endpoint } from "./client";
import { useDo, useEndpoint, useEventTypes, usePart, useWebhooks } from "./context";
import { EventTypeChoice } from "./event-type-choice";
import { At, Screen, useGoAt } from "./frame";
import { Pairs, pairsOf, valuesOf } from "./pairs";
import { isPrivateAddress } from "./private-address";
import { Unsaved } from "./unsaved";

export function EndpointForm() {
  const id = usePart("endpoint");
  const { places } = useWebhooks();
  const known = useEndpoint(id);
  const back = id ? { title: "Endpoint", place: places.endpoint(id) } : { title: "Endpoints", place: places.endpoints };
  return (
    <Screen title={id ? "Edit endpoint" : "Add endpoint"} lead={known.data?.url} back={back}>
      {id && known.isPending && <Skeleton lines={6} />}
      {id && <Failure error={known.error} onRetry={() => void known.refetch()} />}
      {(!id || known.data) && <Form key={id ?? "new"} before={known.data} />}
    </Screen>
  );
}

const startOf = (before: Endpoint | undefined) => ({
  url: before?.url ?? "",
  description: before?.description ?? "",
  eventTypes: before?.eventTypes ?? null,
  channels: before?.channels?.join(", ") ?? "",
  rate: before?.throttleRate?.toString() ?? "",
  uid: before?.uid ?? "",
  metadata: pairsOf(before?.metadata),
});

function Form({ before }: { before?: Endpoint }) {
  const start = startOf(before);
  const [asked, setAsked] = useState(start);
  const [isOut, setOut] = useState(false);
  const { places } = useWebhooks();
  const types = useEventTypes();
  const goAt = useGoAt();
  const store = useDo(({ svix, app }) => {
    const body = {
      url: asked.url,
      description: asked.description,
      // Nothing chosen is no choice.
      eventTypes: asked.eventTypes?.length ? asked.eventTypes : null,
      channels: names(asked.channels),
      throttleRate: asked.rate ? Number(asked.rate) : null,
      uid: asked.uid.trim() || null,
      metadata: valuesOf(asked.metadata),
    };
    return before
      ? svix.PATCH("/api/v1/app/{app}/endpoint/{endpoint}", { params: { path: { app, endpoint: before.id } }, body })
      : svix.POST("/api/v1/app/{app}/endpoint", { params: { path: { app } }, body });
  });
  const set = (change: Partial<typeof asked>) => setAsked({ ...asked, ...change });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const stored = await store.mutateAsync().catch(() => undefined);
    if (!stored) return;
    setOut(true);
    done(before ? "The endpoint is saved" : "The endpoint is added");
    // The guard against unsaved text has to be gone first.
    setTimeout(() => void goAt(places.endpoint(stored.id)));
  };
  const isChanged = !isOut && !isSame(asked, start);
  return (
    <form
      onSubmit={(event) => void submit(event)}
      className="border-line bg-raised grid max-w-3xl gap-5 rounded-lg border p-4 sm:p-6"
    >
      <Unsaved when={isChanged} />
      <Field
        label="Address"
        type="url"
        required
        autoFocus
        placeholder="https://example.com/webhooks"
        value={asked.url}
        hint={isPrivateAddress(asked.url) ? <PrivateNote /> : "Each message is sent there by POST, signed."}
        onChange={(event) => set({ url: event.target.value })}
      />
      <Field
        label="Description"
        value={asked.description}
        onChange={(event) => set({ description: event.target.value })}
      />
      <EventTypeChoice chosen={asked.eventTypes} onChange={(eventTypes) => set({ eventTypes })} types={types} />
      <div className="grid gap-5 sm:grid-cols-2">
        <Field
          label="Channels"
          hint="Separated by commas. Empty for all messages, whatever their channels."
          value={asked.channels}
          onChange={(event) => set({ channels: event.target.value })}
        />
        <Field
          label="Rate limit"
          hint="Messages a second at most. Empty for none."
          type="number"
          min={1}
          max={65535}
          value={asked.rate}
          onChange={(event) => set({ rate: event.target.value })}
        />
        <Field
          label="UID"
          hint="Your own id of it, optional."
          pattern="[a-zA-Z0-9\-_.]+"
          value={asked.uid}
          onChange={(event) => set({ uid: event.target.value })}
        />
      </div>
      <Pairs label="Metadata" one="entry" pairs={asked.metadata} onChange={(metadata) => set({ metadata })} />
      {store.isError && (
        <div className="-mx-4">
          <Failure error={store.error} />
        </div>
      )}
      <p className="flex flex-wrap gap-2">
        <Button type="submit" kind="primary" busy={store.isPending}>
          {before ? "Save" : "Add endpoint"}
        </Button>
        <At place={before ? places.endpoint(before.id) : places.endpoints} className={buttonLook()}>
          Cancel
        </At>
      </p>
    </form>
  );
}

function PrivateNote() {
  return (
    <span role="status" className="text-warn">
      This is an address of a private network. Servers refuse to send there unless their setting{" "}
      <code className="font-mono">net_allow</code> names it.
    </span>
  );
}

function names(text: string): string[] | null {
  const found = text
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  return found.length > 0 ? found : null;
}
