// The part of a drawing that is seen: fitted at first, zoomed, dragged, and brought to the node that has the focus.

import { type PointerEvent, useEffect, useState } from "react";

import type { GraphLayout, PlacedNode } from "./graph-layout";
import { NODE_HEIGHT, NODE_WIDTH } from "./graph-layout";

type View = { x: number; y: number; scale: number };

const SCALES = { least: 0.2, most: 2.5 };

/** The part of the drawing that is seen. It fits as a whole at first, and follows the focus. */
export function useView(frame: { current: HTMLElement | null }, layout: GraphLayout, height: number) {
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
export function dragging(view: View, setView: (view: View) => void) {
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
