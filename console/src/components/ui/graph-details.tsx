// The words beside a drawing: the reason of an edge, the legend, the node that is selected, and the whole as a list.

import { Crosshair, ExternalLink } from "lucide-react";
import { useId, useState } from "react";

import { percent, words } from "../../lib/format";
import type { EdgeLook, PlacedEdge, PlacedNode } from "./graph-layout";

/** Why the edge under the pointer is there. */
export function Reason({ edge, nodes }: { edge: PlacedEdge; nodes: PlacedNode[] }) {
  const title = (id: string) => nodes.find((node) => node.id === id)?.title ?? id;
  return (
    <div className="border-line bg-raised pointer-events-none absolute bottom-2 left-2 max-w-[calc(100%-1rem)] rounded-md border px-3 py-2 shadow-md sm:max-w-96">
      <p className="font-medium">
        {words(edge.kind)} · {percent(edge.confidence)}
      </p>
      <p className="text-quiet">
        {title(edge.from)} → {title(edge.to)}
      </p>
      <p className="mt-1">{edge.reason}</p>
    </div>
  );
}

export function Legend({ looks }: { looks: Map<string, EdgeLook> }) {
  return (
    <ul aria-label="Kinds of edges" className="border-line flex flex-wrap gap-x-4 gap-y-1 border-t px-3 py-2">
      {[...looks].map(([kind, look]) => (
        <li key={kind} className="inline-flex items-center gap-1.5">
          <svg aria-hidden width={28} height={8}>
            <line x1={0} x2={28} y1={4} y2={4} stroke={look.colour} strokeWidth={2.5} strokeDasharray={look.dash} />
          </svg>
          {words(kind)}
        </li>
      ))}
      <li className="text-quiet ml-auto">Thicker lines: higher confidence</li>
    </ul>
  );
}

type DetailsProps = {
  node: PlacedNode;
  isCentre: boolean;
  edges: PlacedEdge[];
  nodes: PlacedNode[];
  onOpen: (id: string) => void;
  onCentre: (id: string) => void;
};

/** The selected node, what can be done with it, and the reason for each of its edges. */
export function Details({ node, isCentre, edges, nodes, onOpen, onCentre }: DetailsProps) {
  const own = edges.filter(({ from, to }) => from === node.id || to === node.id);
  const other = (edge: PlacedEdge) => nodes.find(({ id }) => id === (edge.from === node.id ? edge.to : edge.from));
  return (
    <div className="border-line border-t px-3 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <p aria-live="polite" className="min-w-0 flex-1 basis-48">
          <span className="font-medium wrap-anywhere">{node.title}</span>
          <span className="text-quiet"> {words(node.kind)}</span>
        </p>
        <span className="flex gap-1">
          <button type="button" onClick={() => onOpen(node.id)} className={ACTION}>
            <ExternalLink aria-hidden className="size-3.5" />
            Open
          </button>
          <button type="button" disabled={isCentre} onClick={() => onCentre(node.id)} className={ACTION}>
            <Crosshair aria-hidden className="size-3.5" />
            Make it the centre
          </button>
        </span>
      </div>
      <ul
        aria-label={`Edges of ${node.title}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the list scrolls, and the keyboard must reach it
        tabIndex={0}
        className="mt-1 grid h-24 content-start gap-1 overflow-y-auto"
      >
        {own.map((edge) => (
          <li key={edge.id}>
            <span className="text-quiet">
              {words(edge.kind)} {edge.from === node.id ? "→" : "←"}{" "}
            </span>
            <span className="font-medium">{other(edge)?.title}</span>
            <span className="text-quiet">
              {" "}
              · {edge.reason} ({percent(edge.confidence)})
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const ACTION =
  "border-line hover:bg-sunken inline-flex h-7 cursor-pointer items-center gap-1.5 rounded-md border px-2 disabled:cursor-default disabled:opacity-50";

/** The same neighbourhood as text. */
export function AsList({
  nodes,
  edges,
  onOpen,
}: {
  nodes: PlacedNode[];
  edges: PlacedEdge[];
  onOpen: (id: string) => void;
}) {
  const id = useId();
  const [isShown, setShown] = useState(false);
  return (
    <div className="border-line border-t">
      <button
        type="button"
        aria-expanded={isShown}
        aria-controls={id}
        onClick={() => setShown(!isShown)}
        className="text-quiet hover:text-ink cursor-pointer px-3 py-2 hover:underline"
      >
        {isShown ? "Hide list" : "Show as list"}
      </button>
      <ol id={id} hidden={!isShown} className="grid gap-2 px-3 pb-3">
        {isShown &&
          nodes.map((node) => (
            <li key={node.id}>
              <button
                type="button"
                onClick={() => onOpen(node.id)}
                className="text-bronze cursor-pointer text-left hover:underline"
              >
                {node.title}
              </button>
              <span className="text-quiet">
                {" "}
                {words(node.kind)}, {node.distance === 0 ? "the centre" : `distance ${node.distance}`}
              </span>
              <ul className="pl-4">
                {edges
                  .filter(({ from }) => from === node.id)
                  .map((edge) => (
                    <li key={edge.id} className="text-quiet">
                      {words(edge.kind)} {nodes.find((one) => one.id === edge.to)?.title}: {edge.reason} (
                      {percent(edge.confidence)})
                    </li>
                  ))}
              </ul>
            </li>
          ))}
      </ol>
    </div>
  );
}
