// The highlighted parts of a snippet. The server counts Unicode scalar values, a string counts UTF-16 units: a snippet is cut by
// the former.

type Highlight = { start: number; end: number };
export type Part = { text: string; isMarked: boolean; at: number };

/** The snippet in pieces, in order; highlights may touch, overlap or end behind it. `at` is where a piece begins. */
export function partsOf(snippet: string, highlights: Highlight[]): Part[] {
  const scalars = [...snippet];
  const parts: Part[] = [];
  let at = 0;
  const add = (end: number, isMarked: boolean) => {
    if (end > at) parts.push({ text: scalars.slice(at, end).join(""), isMarked, at });
    at = Math.max(at, end);
  };
  for (const { start, end } of highlights.toSorted((one, other) => one.start - other.start)) {
    add(Math.min(start, scalars.length), false);
    add(Math.min(end, scalars.length), true);
  }
  add(scalars.length, false);
  return parts;
}
