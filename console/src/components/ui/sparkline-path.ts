// The geometry of a sparkline: values to SVG paths.

const MARGIN = 3;

export interface SparklinePath {
  line: string;
  area: string;
  /** The newest known value. */
  last: { x: number; y: number } | null;
}

/** The base is zero, or the lowest value if one is negative; nulls break the line. */
export function sparklinePath(values: (number | null)[], width: number, height: number): SparklinePath {
  const known = values.filter((value) => value !== null);
  const low = Math.min(0, ...known);
  const high = Math.max(...known, low + 1e-9);
  const round = (value: number) => Math.round(value * 10) / 10;
  const x = (index: number) =>
    values.length < 2 ? width - MARGIN : round(MARGIN + (index / (values.length - 1)) * (width - 2 * MARGIN));
  const y = (value: number) => round(height - MARGIN - ((value - low) / (high - low)) * (height - 2 * MARGIN));

  let line = "";
  let area = "";
  let last: SparklinePath["last"] = null;
  let index = 0;
  while (index < values.length) {
    const stretch: { x: number; y: number }[] = [];
    for (; index < values.length && values[index] !== null; index++) {
      stretch.push({ x: x(index), y: y(values[index] as number) });
    }
    index++;
    const [first] = stretch;
    if (!first) continue;
    last = stretch.at(-1) ?? last;
    const points = stretch.map((point) => `${point.x} ${point.y}`).join("L");
    // A lone value is a dot: a line of no length with round ends.
    line += `M${points}${stretch.length === 1 ? "h0" : ""}`;
    area += `M${first.x} ${height - MARGIN}L${points}L${stretch.at(-1)?.x} ${height - MARGIN}Z`;
  }
  return { line, area, last };
}
