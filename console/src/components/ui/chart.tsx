// A chart of values over time, with a legend, and the same values as a table. uPlot loads when the first chart is shown.

import { Suspense, useId, useState } from "react";
import { lazily } from "../../lib/lazily";

import { chartSummary, moment, withUnit } from "./chart-data";
import { cx } from "./cx";
import type { Tone } from "./tones";
import { TONE_COLOUR } from "./tones";

export interface ChartSeries {
  name: string;
  /** One value for each time; null leaves a gap. */
  values: (number | null)[];
  tone: Tone;
}

export interface TimeChartProps {
  label: string;
  /** Unix seconds, ascending. */
  times: number[];
  series: ChartSeries[];
  /** `ms` is written as a duration, `%` without a space, any other as a word after the number. */
  unit?: string;
  /** `stacked` draws bars on top of each other, the first series uppermost. */
  kind?: "lines" | "bars" | "stacked";
  /** Of the drawing, without the legend, in pixels. */
  height?: number;
}

const Loaded = lazily(() => import("./chart-loaded"));

export function TimeChart(props: TimeChartProps) {
  const { label, times, series, unit, height = 200 } = props;
  const [at, setAt] = useState<number | null>(null);
  const isEmpty = times.length === 0 || series.every(({ values }) => values.every((value) => value === null));
  return (
    <figure aria-label={label} className="min-w-0">
      <Legend times={times} series={series} unit={unit} at={at} />
      <div
        role="img"
        aria-label={isEmpty ? `${label}: no data` : chartSummary(label, times, series, unit)}
        style={{ height }}
        className="relative min-w-0"
      >
        {isEmpty ? (
          <p className="border-line text-quiet grid h-full place-items-center rounded-md border border-dashed">
            No data in this period
          </p>
        ) : (
          <Suspense fallback={null}>
            <Loaded {...props} height={height} onPoint={setAt} />
          </Suspense>
        )}
      </div>
      {!isEmpty && <ValueTable label={label} times={times} series={series} unit={unit} />}
    </figure>
  );
}

type LegendProps = Pick<TimeChartProps, "times" | "series" | "unit"> & { at: number | null };

/** The names, with the values under the pointer, or the newest ones. */
function Legend({ times, series, unit, at }: LegendProps) {
  const shown = at ?? times.length - 1;
  const time = times[shown];
  return (
    <div aria-hidden className="mb-2 flex min-h-5 flex-wrap items-baseline gap-x-4 gap-y-1 text-xs">
      {series.map(({ name, tone, values }) => (
        <span key={name} className="inline-flex items-baseline gap-1.5">
          <span className="size-2 rounded-xs" style={{ background: TONE_COLOUR[tone] }} />
          <span className="text-quiet">{name}</span>
          <span className="min-w-8 font-medium tabular-nums">{withUnit(values[shown], unit)}</span>
        </span>
      ))}
      <span className="text-quiet ml-auto tabular-nums">{time !== undefined && moment(time)}</span>
    </div>
  );
}

function ValueTable({ label, times, series, unit }: Pick<TimeChartProps, "label" | "times" | "series" | "unit">) {
  const id = useId();
  const [isShown, setShown] = useState(false);
  return (
    <div className="mt-1">
      <button
        type="button"
        aria-expanded={isShown}
        aria-controls={id}
        onClick={() => setShown(!isShown)}
        className="text-quiet hover:text-ink cursor-pointer py-1 text-xs underline-offset-2 hover:underline"
      >
        {isShown ? "Hide table" : "Show as table"}
      </button>
      <div
        id={id}
        hidden={!isShown}
        role="group"
        aria-label={`${label} as a table`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the table scrolls, and the keyboard must reach it
        tabIndex={0}
        className="border-line max-h-64 overflow-auto rounded-md border -outline-offset-2"
      >
        {isShown && (
          <table className="w-full text-xs tabular-nums">
            <thead className="bg-sunken sticky top-0">
              <tr>
                {["Time", ...series.map(({ name }) => name)].map((name, index) => (
                  <th
                    key={name}
                    scope="col"
                    className={cx("px-3 py-1.5 font-medium", index === 0 ? "text-left" : "text-right")}
                  >
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((time, index) => (
                <tr key={time} className="border-line border-t">
                  <th scope="row" className="text-quiet px-3 py-1 text-left font-normal whitespace-nowrap">
                    {moment(time)}
                  </th>
                  {series.map(({ name, values }) => (
                    <td key={name} className="px-3 py-1 text-right whitespace-nowrap">
                      {withUnit(values[index], unit)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </div>
  );
}
