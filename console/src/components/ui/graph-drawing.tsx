// The edges and nodes of a drawing.

import { words } from "../../lib/format";
import { cx } from "./cx";
import type { EdgeLook, PlacedEdge, PlacedNode } from "./graph-layout";
import { fitting, NODE_HEIGHT, NODE_WIDTH, strokeWidth } from "./graph-layout";

type EdgeProps = {
  edge: PlacedEdge;
  look: EdgeLook | undefined;
  isFaded: boolean;
  isPointed: boolean;
  onPoint: (edge: PlacedEdge | null) => void;
};

export function Edge({ edge, look, isFaded, isPointed, onPoint }: EdgeProps) {
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

export function Node({ node, isCentre, isActive, onFocus, onOpen }: NodeProps) {
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
