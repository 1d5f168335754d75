// Runs: what a workflow did for each recipient, and why, step by step.

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";

import { Chip, Empty, Panel, Skeleton, Status, Time } from "../../components/ui";
import { type Items, type Run, type RunEvent, knock, nameOf, outcomeOf } from "../../lib/knock";
import { words } from "../../lib/format";
import { Frame, Trouble } from "./frame";

export function RunsPage() {
  const runs = useQuery({
    queryKey: ["notification", "runs"],
    queryFn: () => knock<Items<Run>>("/workflow_recipient_runs?page_size=50"),
  });
  return (
    <Frame title="Runs" lead="What was done for each recipient of each trigger, and why something was not.">
      <Trouble error={runs.error} />
      {runs.isPending && <Skeleton />}
      {runs.data && <Panel title="The newest runs"><RunList runs={runs.data.items} /></Panel>}
    </Frame>
  );
}

export function RunList({ runs }: { runs: Run[] }) {
  if (runs.length === 0) return <Empty>Nothing was triggered yet.</Empty>;
  return (
    <ul className="divide-line divide-y">
      {runs.map((run) => (
        <li key={run.id}>
          <Link to="/notifications/runs/$id" params={{ id: run.id }} className="hover:bg-ground flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium">{run.workflow}</span>
              <span className="text-quiet block truncate text-xs">for {nameOf(run.recipient)}</span>
            </span>
            <Status word={outcomeOf(run)} />
            <Time at={run.inserted_at} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function RunPage() {
  const { id } = useParams({ from: "/shell/notifications/runs/$id" });
  const run = useQuery({
    queryKey: ["notification", "run", id],
    queryFn: () => knock<Run>(`/workflow_recipient_runs/${id}`),
  });
  if (run.isPending) return <Skeleton />;
  if (run.isError) return <Trouble error={run.error} />;
  const it = run.data;
  return (
    <article className="grid gap-4">
      <Link to="/notifications/runs" className="text-quiet hover:text-ink inline-flex w-fit items-center gap-1">
        <ArrowLeft className="size-4" /> All runs
      </Link>
      <header>
        <h1 className="text-lg font-semibold wrap-anywhere">{it.workflow} for {nameOf(it.recipient)}</h1>
        <p className="mt-1 flex flex-wrap items-center gap-1.5">
          <Status word={outcomeOf(it)} />
          {it.tenant && <Chip>within {it.tenant}</Chip>}
          <Time at={it.inserted_at} />
        </p>
      </header>
      <Panel title="What happened" note="oldest first">
        <Story events={it.events ?? []} />
      </Panel>
    </article>
  );
}

function Story({ events }: { events: RunEvent[] }) {
  if (events.length === 0) return <Empty>Nothing yet.</Empty>;
  return (
    <ol className="divide-line divide-y">
      {events.map((event, index) => (
        <li key={index} data-kind="event" className="grid min-w-0 gap-1.5 px-4 py-3">
          <p className="flex flex-wrap items-center gap-2">
            <span className={event.status === "error" ? "text-bad font-medium" : "font-medium"}>{words(event.event)}</span>
            {event.step_ref && <Chip>{event.step_ref}</Chip>}
            {event.step_type && <span className="text-quiet text-xs">{words(event.step_type)}</span>}
            <Time at={event.inserted_at} />
          </p>
          <Why data={event.data} />
        </li>
      ))}
    </ol>
  );
}

/** The reason in a sentence; what else is known, to be opened. */
function Why({ data }: { data: RunEvent["data"] }) {
  if (!data || Object.keys(data).length === 0) return null;
  const { reason, message_id: message, ...rest } = data;
  const sentence = typeof reason === "string" ? reason : typeof data.error === "string" ? data.error : undefined;
  return (
    <>
      {sentence && <p className="text-quiet break-words">{sentence}</p>}
      {typeof message === "string" && <p className="text-quiet font-mono text-xs break-all">message {message}</p>}
      {Object.keys(rest).length > 0 && (
        <details className="min-w-0">
          <summary className="text-quiet cursor-pointer text-xs">How it was decided</summary>
          <pre tabIndex={0} className="bg-ground mt-1 overflow-x-auto rounded p-2 font-mono text-xs">{JSON.stringify(rest, null, 2)}</pre>
        </details>
      )}
    </>
  );
}
