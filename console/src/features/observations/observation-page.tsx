// One observation: what happened, and everything that it is tied to.

import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { ArrowLeft, ArrowRight } from "lucide-react";
import { useEffect } from "react";

import { Chip, Empty, Panel, Score, Skeleton, Time } from "../../components/ui";
import { useEdges, useObservation, useWorkspace } from "../../lib/api";
import { words } from "../../lib/format";

type Edges = NonNullable<ReturnType<typeof useEdges>["data"]>["data"];

export function ObservationPage() {
  const { id } = useParams({ from: "/shell/observations/$id" });
  const observation = useObservation(id);
  const edges = useEdges(id);
  const navigate = useNavigate();
  const shown = useWorkspace()?.id;
  const own = observation.data?.workspace_id;
  useEffect(() => {
    // A link from elsewhere names no workspace: what is around the observation is then its own.
    if (own && shown && own !== shown) void navigate({ to: ".", search: { workspace: own }, replace: true });
  }, [own, shown, navigate]);
  if (observation.isPending) return <Skeleton />;
  if (observation.isError) return <p role="alert" className="text-bad">{observation.error.message}</p>;
  const it = observation.data;
  const url = it.metadata.url;
  return (
    <article className="grid gap-4">
      <Link to="/" className="text-quiet hover:text-ink inline-flex w-fit items-center gap-1">
        <ArrowLeft className="size-4" /> All observations
      </Link>
      <header className="flex gap-3">
        <Score value={it.significance} />
        <div className="min-w-0">
          <h1 className="text-lg font-semibold break-words">{it.title}</h1>
          <p className="mt-1 flex flex-wrap items-center gap-1.5">
            <Chip>{it.provider}</Chip>
            <Chip>{it.type}</Chip>
            <Chip>{words(it.category)}</Chip>
            <Time at={it.occurred_at} />
            {typeof url === "string" && (
              <a href={url} rel="noreferrer" className="text-bronze text-xs underline">Open at {it.provider}</a>
            )}
          </p>
        </div>
      </header>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Panel title="What it says">
          {it.body ? (
            <pre className="p-4 font-sans break-words whitespace-pre-wrap">{it.body}</pre>
          ) : (
            <Empty>Nothing besides its title.</Empty>
          )}
        </Panel>
        <div className="grid gap-4">
          <Panel title="Tied to" note={edges.data && `${edges.data.data.length} ties`}>
            {edges.isPending && <Skeleton />}
            {edges.isError && <p role="alert" className="text-bad p-4">{edges.error.message}</p>}
            {edges.data && <EdgeList edges={edges.data.data} />}
          </Panel>
          <Panel title="Speaks of">
            <Names names={it.references.map((reference) => (reference as unknown as { id: string }).id)} />
          </Panel>
          <Panel title="Topics">
            <Names names={it.topics} />
          </Panel>
        </div>
      </div>
    </article>
  );
}

function EdgeList({ edges }: { edges: Edges }) {
  if (edges.length === 0) return <Empty>Nothing else speaks of the same things yet.</Empty>;
  return (
    <ol className="divide-line divide-y">
      {edges.map((edge) => (
        <li key={`${edge.type} ${edge.direction} ${edge.observation.id}`} data-kind="edge">
          <Link to="/observations/$id" params={{ id: edge.observation.id }} className="hover:bg-ground block px-4 py-2.5">
            <span className="flex items-center gap-1.5 text-xs">
              {edge.direction === "outgoing" ? <ArrowRight className="size-3.5" aria-label="this" /> : <ArrowLeft className="size-3.5" aria-label="the other" />}
              <span className="text-bronze font-medium">{words(edge.type)}</span>
              <span className="text-quiet truncate font-mono">{edge.linking_key}</span>
            </span>
            <span className="mt-0.5 block truncate">{edge.observation.title}</span>
          </Link>
        </li>
      ))}
    </ol>
  );
}

function Names({ names }: { names: string[] }) {
  const once = [...new Set(names)];
  if (once.length === 0) return <Empty>Nothing.</Empty>;
  return (
    <p className="flex flex-wrap gap-1.5 p-4">
      {once.map((name) => (
        <span key={name} className="border-line max-w-full truncate rounded border px-1.5 py-0.5 font-mono text-xs">{name}</span>
      ))}
    </p>
  );
}
