// The neighbourhood of one thing as a drawing: nodes in columns by distance, edges by kind and confidence.

import { Crosshair, ExternalLink, Maximize2, Minus, Plus } from "lucide-react";
import type { KeyboardEvent, PointerEvent, ReactNode } from "react";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { percent, words } from "../../lib/format";
import { cx } from "./cx";
import type { Arrow, EdgeLook, GraphEdge, GraphLayout, GraphNode, PlacedEdge, PlacedNode } from "./graph-layout";
import { edgeLooks, fitting, graphLayout, NODE_HEIGHT, NODE_WIDTH, strokeWidth, walk } from "./graph-layout";

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

type View = { x: number; y: number; scale: number };

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

const SCALES = { least: 0.2, most: 2.5 };

/** What part of the drawing is seen. It fits as a whole at first, and follows the focus. */
function useView(frame: { current: HTMLElement | null }, layout: GraphLayout, height: number) {
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 });

  const showAll = () => {
    const width = frame.current?.clientWidth ?? 0;
    if (!width) return;
    const whole = Math.min(width / layout.width, height / layout.height, 1);
    // Text stays readable: where the whole would be too small, the centre's side is shown.
    const scale = Math.max(whole, 0.7);
    setView({
      scale,
      x: Math.max((width - layout.width * scale) / 2, 0),
      y: (height - layout.height * scale) / 2,
    });
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: fitted anew for another drawing or frame, not after each zoom
  useEffect(() => {
    showAll();
    let width = frame.current?.clientWidth;
    const size = new ResizeObserver(() => {
      if (frame.current?.clientWidth === width) return;
      width = frame.current?.clientWidth;
      showAll();
    });
    if (frame.current) size.observe(frame.current);
    return () => size.disconnect();
  }, [layout, height]);

  const zoom = (by: number) => {
    setView((before) => {
      const scale = Math.min(Math.max(before.scale * by, SCALES.least), SCALES.most);
      const middle = { x: (frame.current?.clientWidth ?? 0) / 2, y: height / 2 };
      const ratio = scale / before.scale;
      return { scale, x: middle.x - (middle.x - before.x) * ratio, y: middle.y - (middle.y - before.y) * ratio };
    });
  };

  /** Brings a node into the frame, if it is not. */
  const show = (node: PlacedNode) => {
    setView((before) => {
      const width = frame.current?.clientWidth ?? 0;
      const half = { x: (NODE_WIDTH / 2) * before.scale + 8, y: (NODE_HEIGHT / 2) * before.scale + 8 };
      const at = { x: before.x + node.x * before.scale, y: before.y + node.y * before.scale };
      const inside = (value: number, margin: number, length: number) =>
        Math.min(Math.max(value, margin), Math.max(length - margin, margin));
      const to = { x: inside(at.x, half.x, width), y: inside(at.y, half.y, height) };
      return to.x === at.x && to.y === at.y
        ? before
        : { ...before, x: before.x + to.x - at.x, y: before.y + to.y - at.y };
    });
  };

  return { view, setView, showAll, zoom, show };
}

/** Dragging the ground moves the drawing. */
function dragging(view: View, setView: (view: View) => void) {
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0 || (event.target as Element).closest("[data-node], button")) return;
      const element = event.currentTarget;
      const from = { x: event.clientX, y: event.clientY };
      const move = (moved: globalThis.PointerEvent) =>
        setView({ ...view, x: view.x + moved.clientX - from.x, y: view.y + moved.clientY - from.y });
      const stop = () => {
        element.removeEventListener("pointermove", move);
        element.removeEventListener("pointerup", stop);
        element.removeEventListener("pointercancel", stop);
      };
      element.setPointerCapture(event.pointerId);
      element.addEventListener("pointermove", move);
      element.addEventListener("pointerup", stop);
      element.addEventListener("pointercancel", stop);
    },
  };
}

type EdgeProps = {
  edge: PlacedEdge;
  look: EdgeLook | undefined;
  isFaded: boolean;
  isPointed: boolean;
  onPoint: (edge: PlacedEdge | null) => void;
};

function Edge({ edge, look, isFaded, isPointed, onPoint }: EdgeProps) {
  return (
    <g aria-hidden onPointerEnter={() => onPoint(edge)} onPointerLeave={() => onPoint(null)}>
      <path d={edge.path} fill="none" stroke="transparent" strokeWidth={14} />
      <path
        d={edge.path}
        fill="none"
        stroke={look?.colour}
        strokeDasharray={look?.dash}
        strokeWidth={strokeWidth(edge.confidence) + (isPointed ? 1.5 : 0)}
        opacity={isFaded && !isPointed ? 0.25 : 0.85}
      />
    </g>
  );
}

type NodeProps = { node: PlacedNode; isCentre: boolean; isActive: boolean; onFocus: () => void; onOpen: () => void };

function Node({ node, isCentre, isActive, onFocus, onOpen }: NodeProps) {
  return (
    <g
      role="button"
      data-node={node.id}
      aria-label={[node.title, words(node.kind), node.subtitle, isCentre && "centre"].filter(Boolean).join(", ")}
      aria-pressed={isActive}
      tabIndex={isActive ? 0 : -1}
      transform={`translate(${node.x - NODE_WIDTH / 2} ${node.y - NODE_HEIGHT / 2})`}
      onFocus={onFocus}
      onClick={(event) => event.currentTarget.focus({ preventScroll: true })}
      onDoubleClick={onOpen}
      className="group cursor-pointer outline-none"
    >
      <title>{node.title}</title>
      <rect
        width={NODE_WIDTH}
        height={NODE_HEIGHT}
        rx={8}
        className={cx(
          isCentre ? "fill-bronze stroke-bronze" : "fill-raised",
          !isCentre && (isActive ? "stroke-bronze" : "stroke-line group-hover:stroke-quiet"),
        )}
        strokeWidth={isActive ? 2 : 1}
      />
      <rect
        x={-4}
        y={-4}
        width={NODE_WIDTH + 8}
        height={NODE_HEIGHT + 8}
        rx={11}
        className="stroke-bronze fill-none opacity-0 group-focus-visible:opacity-100"
        strokeWidth={2}
      />
      <text x={12} y={19} className={cx("text-[13px] font-medium", isCentre ? "fill-on-bronze" : "fill-ink")}>
        {fitting(node.title, 25)}
      </text>
      <text x={12} y={34} className={cx("text-[11px]", isCentre ? "fill-on-bronze" : "fill-quiet")}>
        {fitting([words(node.kind), node.subtitle].filter(Boolean).join(" · "), 28)}
      </text>
    </g>
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

/** Why the edge under the pointer is there. */
function Reason({ edge, nodes }: { edge: PlacedEdge; nodes: PlacedNode[] }) {
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

function Legend({ looks }: { looks: Map<string, EdgeLook> }) {
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
function Details({ node, isCentre, edges, nodes, onOpen, onCentre }: DetailsProps) {
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
function AsList({ nodes, edges, onOpen }: { nodes: PlacedNode[]; edges: PlacedEdge[]; onOpen: (id: string) => void }) {
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
