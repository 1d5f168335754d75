// Adding an endpoint, and changing one.

import { ArrowLeft } from "lucide-react";
import { useState, type FormEvent } from "react";

import { Button, Field, Panel, Skeleton } from "../../components/ui";
import type { Endpoint, EventType } from "./client";
import { useDo, useEventTypes, useRead } from "./context";
import { Failure, Heading } from "./parts";
import { Go, places, useGo, usePart } from "./places";

type EndpointIn = Pick<Endpoint, "url" | "description" | "eventTypes" | "channels" | "throttleRate">;

const NEW: EndpointIn = { url: "", description: "", eventTypes: null, channels: null, throttleRate: null };

export function EndpointFormPage() {
  const id = usePart("endpoint");
  const known = useRead<Endpoint>(`/endpoint/${id}`, { enabled: id !== undefined });
  if (id && known.isPending) return <Skeleton />;
  if (id && known.isError) return <Failure error={known.error} />;
  return <EndpointForm key={id ?? "new"} id={id} before={known.data ?? NEW} />;
}

function EndpointForm({ id, before }: { id?: string; before: EndpointIn }) {
  const [asked, setAsked] = useState(before);
  const go = useGo();
  const store = useDo<EndpointIn, Endpoint>(id ? "PATCH" : "POST", id ? `/endpoint/${id}` : "/endpoint");
  const set = (change: Partial<EndpointIn>) => setAsked({ ...asked, ...change });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const stored = await store.mutateAsync(asked).catch(() => undefined);
    if (stored) await go(places.endpoint(stored.id));
  };
  return (
    <>
      <Go to={id ? places.endpoint(id) : places.endpoints} className="text-quiet hover:text-ink mb-2 inline-flex items-center gap-1">
        <ArrowLeft className="size-4" /> Back
      </Go>
      <Heading title={id ? "Change the endpoint" : "Add an endpoint"} />
      <form onSubmit={(event) => void submit(event)} className="grid gap-4">
        <Field label="Address" type="url" required placeholder="https://example.com/webhooks" value={asked.url} onChange={(event) => set({ url: event.target.value })} />
        <Field label="Description" value={asked.description} onChange={(event) => set({ description: event.target.value })} />
        <EventTypeChoice chosen={asked.eventTypes} onChange={(eventTypes) => set({ eventTypes })} />
        <Field
          label="Channels, separated by commas (none: all)"
          value={asked.channels?.join(", ") ?? ""}
          onChange={(event) => set({ channels: names(event.target.value) })}
        />
        <Field
          label="Messages a second at most (none: no limit)"
          type="number"
          min={1}
          max={65535}
          value={asked.throttleRate ?? ""}
          onChange={(event) => set({ throttleRate: event.target.value ? Number(event.target.value) : null })}
        />
        {store.isError && <Failure error={store.error} />}
        <p>
          <Button type="submit" disabled={store.isPending}>{id ? "Save" : "Add endpoint"}</Button>
        </p>
      </form>
    </>
  );
}

function names(text: string): string[] | null {
  const found = text.split(",").map((name) => name.trim()).filter(Boolean);
  return found.length > 0 ? found : null;
}

/** Which event types are sent: all, or some of them, by group. */
function EventTypeChoice({ chosen, onChange }: { chosen: string[] | null; onChange: (chosen: string[] | null) => void }) {
  const types = useEventTypes();
  const [search, setSearch] = useState("");
  const known = types.data?.pages.flatMap((page) => page.data) ?? [];
  const shown = known.filter((type) => type.name.toLowerCase().includes(search.toLowerCase()));
  const turn = (name: string, on: boolean) => {
    const rest = (chosen ?? []).filter((other) => other !== name);
    const next = on ? [...rest, name] : rest;
    onChange(next.length > 0 ? next : null);
  };
  return (
    <Panel title="Events" note={chosen ? `${chosen.length} of ${known.length}` : "all of them, those to come too"}>
      <div className="grid gap-3 p-4">
        <input type="search" aria-label="Search events" placeholder="Search" value={search} onChange={(event) => setSearch(event.target.value)} className="border-line bg-raised h-9 rounded-md border px-3" />
        <div className="grid max-h-72 gap-3 overflow-auto" tabIndex={0} role="group" aria-label="Event types">
          {[...grouped(shown)].map(([group, members]) => (
            <fieldset key={group}>
              {group && <legend className="text-quiet text-xs font-medium">{group}</legend>}
              {members.map((type) => (
                <label key={type.name} className="flex items-baseline gap-2 py-1">
                  <input type="checkbox" checked={chosen?.includes(type.name) ?? false} onChange={(event) => turn(type.name, event.target.checked)} />
                  <span className="min-w-0">
                    <span className="font-mono text-xs break-all">{type.name}</span>
                    <span className="text-quiet block text-xs">{type.description}</span>
                  </span>
                </label>
              ))}
            </fieldset>
          ))}
        </div>
      </div>
    </Panel>
  );
}

/** By the group's name, or by what stands before the first dot. */
export function grouped(types: EventType[]): Map<string, EventType[]> {
  const groups = new Map<string, EventType[]>();
  for (const type of types) {
    const group = type.groupName ?? (type.name.includes(".") ? type.name.slice(0, type.name.indexOf(".")) : "");
    groups.set(group, [...(groups.get(group) ?? []), type]);
  }
  return groups;
}
