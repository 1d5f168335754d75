// The catalogue: which events there are, what they look like, and an example of each.

import { Chip, Empty, Panel, Skeleton } from "../../components/ui";
import type { EventType } from "./client";
import { useEventTypes } from "./context";
import { grouped } from "./endpoint-form";
import { exampleOf } from "./endpoint-testing";
import { Code, Failure, Heading } from "./parts";

export function EventsPage() {
  const types = useEventTypes();
  if (types.isPending) return <Skeleton />;
  if (types.isError) return <Failure error={types.error} />;
  const known = types.data.pages.flatMap((page) => page.data);
  return (
    <>
      <Heading title="Event catalogue" note="What may be sent, with the shape of each payload." />
      {known.length === 0 && <Empty>No event types are described yet.</Empty>}
      <div className="grid gap-4">
        {[...grouped(known)].map(([group, members]) => (
          <Panel key={group} title={group || "Others"}>
            <ul className="divide-line divide-y">{members.map((type) => <Row key={type.name} type={type} />)}</ul>
          </Panel>
        ))}
      </div>
    </>
  );
}

function Row({ type }: { type: EventType }) {
  const schema = type.schemas?.["1"] ?? Object.values(type.schemas ?? {})[0];
  const example = exampleOf(type.schemas);
  const { examples: _, ...shape } = schema ?? {};
  return (
    <li>
      <details>
        <summary className="cursor-pointer px-4 py-2.5">
          <span className="font-mono text-xs font-medium">{type.name}</span> {type.deprecated && <Chip>deprecated</Chip>}
          <span className="text-quiet block">{type.description}</span>
        </summary>
        {!schema && <Empty>Its shape is not described.</Empty>}
        {example !== undefined && (
          <>
            <h3 className="text-quiet px-4 pt-2 text-xs font-medium">Example</h3>
            <Code label={`Example of ${type.name}`} text={JSON.stringify(example)} />
          </>
        )}
        {schema && (
          <>
            <h3 className="text-quiet px-4 pt-2 text-xs font-medium">JSON Schema</h3>
            <Code label={`Schema of ${type.name}`} text={JSON.stringify(shape)} />
          </>
        )}
      </details>
    </li>
  );
}
