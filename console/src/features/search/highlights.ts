// Highlights of a result, in its title and its snippet. The server counts Unicode scalar values, a string counts UTF-16 units:
// texts are cut by the former.

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

/** The parts of title and snippet. Many texts begin with their title: it is not shown twice, and its words are marked above. */
export function markedParts(
  title: string,
  snippet: string,
  highlights: Highlight[],
): { title: Part[]; snippet: Part[] } {
  const length = [...title].length;
  const repeats = snippet.startsWith(title) && /^(\s|$)/.test(snippet.slice(title.length));
  if (!repeats) return { title: partsOf(title, []), snippet: partsOf(snippet, highlights) };
  const rest = snippet.slice(title.length);
  const behind = [...rest].length - [...rest.trimStart()].length + length;
  const moved = highlights.map(({ start, end }) => ({
    start: Math.max(0, start - behind),
    end: Math.max(0, end - behind),
  }));
  return { title: partsOf(title, highlights), snippet: partsOf(rest.trimStart(), moved) };
}
