// The neighbourhood of one thing as a drawing: nodes in columns by distance, edges by kind and confidence.

import { Maximize2, Minus, Plus } from "lucide-react";
import type { KeyboardEvent, ReactNode } from "react";
import { useEffect, useMemo, useRef, useState } from "react";

import { AsList, Details, Legend, Reason } from "./graph-details";
import { Edge, Node } from "./graph-drawing";
import type { Arrow, GraphEdge, GraphNode, PlacedEdge } from "./graph-layout";
import { edgeLooks, graphLayout, walk } from "./graph-layout";
import { dragging, useView } from "./graph-view";

export type { GraphEdge, GraphNode } from "./graph-layout";

export interface NeighbourGraphProps {
  label?: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** The id of the node with distance 0. */
  centre: string;
  onOpen: (id: string) => void;
  /** Asks for the neighbourhood of another node. */
  onCentre: (id: string) => void;
  /** Of the drawing, in pixels. */
  height?: number;
}

export function NeighbourGraph(props: NeighbourGraphProps) {
  const { label = "Neighbourhood", nodes, edges, centre, onOpen, onCentre, height = 440 } = props;
  const layout = useMemo(() => graphLayout(nodes, edges), [nodes, edges]);
  const looks = useMemo(() => edgeLooks(edges), [edges]);
  const [selected, setSelected] = useState(centre);
  const [pointed, setPointed] = useState<PlacedEdge | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const { view, setView, showAll, zoom, show } = useView(frame, layout, height);
  const active = layout.nodes.find(({ id }) => id === selected) ?? layout.nodes.find(({ id }) => id === centre);

  useEffect(() => setSelected(centre), [centre]);

  const focusNode = (id: string) => {
    frame.current?.querySelector<SVGElement>(`[data-node="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (!active || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = (): boolean => {
      if (event.key === "Enter") onOpen(active.id);
      else if (event.key === " ") onCentre(active.id);
      else if (event.key === "+" || event.key === "=") zoom(1.25);
      else if (event.key === "-") zoom(0.8);
      else if (event.key === "0") showAll();
      else if (event.key.startsWith("Arrow")) focusNode(walk(layout, active.id, event.key as Arrow) ?? active.id);
      else return false;
      return true;
    };
    if (act()) event.preventDefault();
  };

  if (nodes.length === 0) return <p className="text-quiet py-2">No related items</p>;
  return (
    <section aria-label={label} className="border-line bg-raised min-w-0 overflow-hidden rounded-lg border text-xs">
      <div
        ref={frame}
        style={{ height }}
        className="bg-ground relative touch-none overflow-hidden"
        {...dragging(view, setView)}
      >
        <svg role="group" aria-label={`${label}: drawing`} width="100%" height="100%" onKeyDown={onKeyDown}>
          <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
            {layout.edges.map((edge) => (
              <Edge
                key={edge.id}
                edge={edge}
                look={looks.get(edge.kind)}
                isFaded={
                  active !== undefined && active.id !== centre && edge.from !== active.id && edge.to !== active.id
                }
                isPointed={pointed?.id === edge.id}
                onPoint={setPointed}
              />
            ))}
            {layout.nodes.map((node) => (
              <Node
                key={node.id}
                node={node}
                isCentre={node.id === centre}
                isActive={node.id === active?.id}
                onFocus={() => {
                  setSelected(node.id);
                  show(node);
                }}
                onOpen={() => onOpen(node.id)}
              />
            ))}
          </g>
        </svg>
        <div className="border-line bg-raised absolute top-2 right-2 flex rounded-md border">
          <Tool label="Zoom in" onClick={() => zoom(1.25)}>
            <Plus aria-hidden />
          </Tool>
          <Tool label="Zoom out" onClick={() => zoom(0.8)}>
            <Minus aria-hidden />
          </Tool>
          <Tool label="Show everything" onClick={showAll}>
            <Maximize2 aria-hidden />
          </Tool>
        </div>
        {pointed && <Reason edge={pointed} nodes={layout.nodes} />}
      </div>
      <Legend looks={looks} />
      {active && (
        <Details
          node={active}
          isCentre={active.id === centre}
          edges={layout.edges}
          nodes={layout.nodes}
          onOpen={onOpen}
          onCentre={onCentre}
        />
      )}
      <AsList nodes={layout.nodes} edges={layout.edges} onOpen={onOpen} />
    </section>
  );
}

function Tool({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={onClick}
      className="text-quiet hover:bg-sunken hover:text-ink inline-grid size-8 cursor-pointer place-items-center rounded-md [&>svg]:size-4"
    >
      {children}
    </button>
  );
}
