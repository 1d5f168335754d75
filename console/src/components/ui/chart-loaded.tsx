// The drawing of a time chart with uPlot. Colours are read from the CSS variables, again whenever the theme changes.

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import type { TimeChartProps } from "./chart";
import { stacked, timeLabels, withUnit } from "./chart-data";
import type { Tone } from "./tones";

type LoadedProps = TimeChartProps & {
  height: number;
  /** The index under the pointer, or null. */
  onPoint: (index: number | null) => void;
};

export default function LoadedChart({ times, series, unit, kind = "lines", height, onPoint }: LoadedProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const colours = useRef<Record<string, string>>({});
  const shape = JSON.stringify([series.map(({ name, tone }) => [name, tone]), unit, kind, height]);
  const data = useRef<uPlot.AlignedData>([[]]);
  const values = series.map((one) => one.values);
  data.current = [times, ...(kind === "stacked" ? stacked(values) : values)] as uPlot.AlignedData;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for what the options are made of
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    colours.current = readColours(element);
    const made = new uPlot(
      options({
        tones: series.map(({ tone }) => tone),
        names: series.map(({ name }) => name),
        unit,
        kind,
        width: element.clientWidth,
        height,
        colour: (name) => colours.current[name] ?? "gray",
        onPoint,
      }),
      data.current,
      element,
    );
    plot.current = made;
    const size = new ResizeObserver(() => {
      if (element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height });
    });
    size.observe(element);
    const theme = new MutationObserver(() => {
      colours.current = readColours(element);
      made.redraw(true, true);
    });
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "data-theme", "style"] });
    return () => {
      size.disconnect();
      theme.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);

  const dataKey = JSON.stringify(data.current);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the numbers changed, whatever array holds them
  useEffect(() => {
    plot.current?.setData(data.current);
  }, [dataKey]);

  return <div ref={host} className="absolute inset-0 overflow-hidden" />;
}

type OptionInput = {
  tones: Tone[];
  names: string[];
  unit?: string;
  kind: "lines" | "bars" | "stacked";
  width: number;
  height: number;
  colour: (name: string) => string;
  onPoint: (index: number | null) => void;
};

function options({ tones, names, unit, kind, width, height, colour, onPoint }: OptionInput): uPlot.Options {
  const isBars = kind !== "lines";
  const grid = { stroke: () => colour("line"), width: 1 };
  const bars = uPlot.paths.bars?.({ size: [kind === "bars" && tones.length > 1 ? 0.5 : 0.8, 40], radius: 0.1 });
  return {
    width,
    height,
    legend: { show: false },
    // Dragging would zoom into a range that neither the address nor the rest of the page knows.
    cursor: { drag: { x: false, y: false }, y: false, points: { show: !isBars, size: 7 } },
    scales: {
      x: { time: true, range: (plot) => xRange(plot.data[0], isBars) },
      y: { range: (_, low, high) => [Math.min(0, low ?? 0), (high ?? 0) > 0 ? high * 1.08 : 1] },
    },
    axes: [
      {
        stroke: () => colour("quiet"),
        font: FONT,
        grid: { show: false },
        ticks: { ...grid, size: 4 },
        size: 28,
        gap: 4,
        space: 64,
        values: (_, splits, __, ___, step) => timeLabels(splits, step),
      },
      {
        stroke: () => colour("quiet"),
        font: FONT,
        grid,
        ticks: { show: false },
        gap: 6,
        space: 36,
        size: (plot, labels) => axisWidth(plot, labels),
        values: (_, splits) => splits.map((value) => withUnit(value, unit, true)),
      },
    ],
    series: [
      {},
      ...tones.map((tone, index) => ({
        label: names[index],
        stroke: () => colour(tone),
        width: isBars ? 0 : 1.75,
        fill: isBars ? () => colour(tone) : undefined,
        points: { show: false },
        ...(isBars && bars ? { paths: bars } : {}),
      })),
    ],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
}

const FONT = "11px Inter, ui-sans-serif, system-ui, sans-serif";

/** From the data alone, since uPlot may ask again with the range it was given before. Bars need half a step at each end. */
function xRange(times: ArrayLike<number>, isBars: boolean): [number, number] {
  const low = times[0] ?? 0;
  const high = times[times.length - 1] ?? low;
  const step = times.length > 1 ? (high - low) / (times.length - 1) : 3600;
  return isBars || times.length < 2 ? [low - step / 2, high + step / 2] : [low, high];
}

function axisWidth(plot: uPlot, labels: string[] | null): number {
  const longest = (labels ?? []).reduce((a, b) => (b.length > a.length ? b : a), "");
  plot.ctx.font = FONT;
  return Math.ceil(plot.ctx.measureText(longest).width) + 14;
}

/** The variables as colours that a canvas understands: resolved on an element, which also settles `color-mix`. */
function readColours(element: HTMLElement): Record<string, string> {
  const probe = document.createElement("span");
  element.append(probe);
  const colours: Record<string, string> = {};
  for (const name of ["good", "bad", "warn", "info", "bronze", "quiet", "line", "ink"]) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colours;
}
