// A small line of values that sits in a table cell or beside a number.

import { sparklinePath } from "./sparkline-path";
import type { Tone } from "./tones";
import { TONE_COLOUR } from "./tones";

export interface SparklineProps {
  /** The subject of the line; the newest, lowest and highest value are added for screen readers. */
  label: string;
  /** Oldest first; null leaves a gap. */
  values: (number | null)[];
  tone?: Tone;
  width?: number;
  height?: number;
}

export function Sparkline({ label, values, tone = "bronze", width = 96, height = 24 }: SparklineProps) {
  const { line, area, last } = sparklinePath(values, width, height);
  const known = values.filter((value) => value !== null);
  const words = known.length
    ? `${label}: newest ${known.at(-1)}, lowest ${Math.min(...known)}, highest ${Math.max(...known)}`
    : `${label}: no values`;
  return (
    <svg
      role="img"
      aria-label={words}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      className="block"
    >
      {known.length === 0 ? (
        <line x1={2} x2={width - 2} y1={height - 2} y2={height - 2} stroke="var(--line)" strokeDasharray="3 3" />
      ) : (
        <>
          <path d={area} fill={TONE_COLOUR[tone]} opacity={0.12} />
          <path
            d={line}
            fill="none"
            stroke={TONE_COLOUR[tone]}
            strokeWidth={1.5}
            strokeLinecap="round"
            strokeLinejoin="round"
          />
          {last && <circle cx={last.x} cy={last.y} r={2} fill={TONE_COLOUR[tone]} />}
        </>
      )}
    </svg>
  );
}
