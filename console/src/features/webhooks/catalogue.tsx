// The catalogue of one application: which events there are, what they look like, and an example of each.

import { FileJson } from "lucide-react";

import { Badge } from "../../components/ui/badge";
import { Field } from "../../components/ui/field";
import { JsonViewer } from "../../components/ui/json-viewer";
import { Empty, EmptyState, Failure, Panel, Skeleton } from "../../components/ui/page";
import { useUrl } from "../../lib/url";
import { type EventType, exampleOf, grouped, schemaOf } from "./client";
import { useEventTypes } from "./context";
import { matching } from "./matching";

export function Catalogue() {
  const types = useEventTypes();
  const url = useUrl();
  const search = url.get("events") ?? "";
  if (types.isPending) return <Skeleton lines={6} />;
  if (types.isError) return <Failure error={types.error} onRetry={() => void types.refetch()} />;
  if (types.data.length === 0) {
    return (
      <EmptyState icon={<FileJson />} title="No event types yet">
        Event types that are described appear here, with the shape of their payloads.
      </EmptyState>
    );
  }
  const shown = matching(types.data, search, ({ name, description }) => [name, description]);
  return (
    <div className="grid gap-4">
      <div className="max-w-sm">
        <Field
          label="Search events"
          hidesLabel
          type="search"
          placeholder="Search events"
          value={search}
          onChange={(event) => url.set({ events: event.target.value }, { replace: true })}
        />
      </div>
      {shown.length === 0 && <Empty>No event type fits.</Empty>}
      {grouped(shown).map(([group, members]) => (
        <Panel key={group} title={group || "Others"} note={members.length}>
          <ul className="divide-line divide-y">
            {members.map((type) => (
              <Row key={type.name} type={type} />
            ))}
          </ul>
        </Panel>
      ))}
    </div>
  );
}

function Row({ type }: { type: EventType }) {
  const url = useUrl();
  const isOpen = url.get("event") === type.name;
  return (
    <li>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => url.set({ event: isOpen ? undefined : type.name }, { replace: true })}
        className="focus-inside hover:bg-sunken block w-full cursor-pointer px-4 py-2.5 text-left"
      >
        <span className="flex flex-wrap items-center gap-2">
          <code className="font-mono text-xs font-medium break-all">{type.name}</code>
          {type.deprecated && <Badge tone="warn">deprecated</Badge>}
        </span>
        <span className="text-quiet block">{type.description}</span>
      </button>
      {isOpen && <Shape type={type} />}
    </li>
  );
}

export function Shape({ type, version }: { type: EventType; version?: string }) {
  const schema = schemaOf(type, version);
  const example = exampleOf(type, version);
  if (!schema) return <Empty>Its shape is not described.</Empty>;
  const { examples: _, ...shape } = schema;
  return (
    <div className="grid items-start gap-4 px-4 pb-4 lg:grid-cols-2">
      <div className="grid gap-1.5">
        <h3 className="text-quiet text-xs font-medium">Example</h3>
        <JsonViewer label={`Example of ${type.name}`} value={example} maxHeight={360} />
      </div>
      <div className="grid gap-1.5">
        <h3 className="text-quiet text-xs font-medium">JSON Schema</h3>
        <JsonViewer label={`Schema of ${type.name}`} value={shape} maxHeight={360} />
      </div>
    </div>
  );
}
