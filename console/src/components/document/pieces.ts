// The text of a document in pieces: its passages, and what stands between them, such as headings. The server counts Unicode scalar
// values, a string counts UTF-16 units.

import type { Schemas } from "../../lib/api";

export type Chunk = Schemas["ChunkView"];
export type Piece = { at: number; text: string; chunk?: Chunk };

/** The pieces in order. Where two passages share words, the second begins behind the first. */
export function piecesOf(text: string, chunks: Chunk[]): Piece[] {
  const unitOf = units(text);
  const pieces: Piece[] = [];
  let at = 0;
  const add = (from: number, to: number, chunk?: Chunk) => {
    const piece = text.slice(from, to);
    if (piece.trim()) pieces.push({ at: from, text: chunk ? piece : piece.replace(/^\s*\n/, ""), chunk });
  };
  for (const chunk of chunks) {
    const [from, to] = [unitOf(chunk.start), unitOf(chunk.end)];
    if (from > at) add(at, from);
    if (to > at) add(Math.max(from, at), to, chunk);
    at = Math.max(at, to);
  }
  add(at, text.length);
  return pieces;
}

/** The UTF-16 unit of a scalar value; asked for places that grow, or are near the last one. */
function units(text: string): (scalar: number) => number {
  let [scalars, unit] = [0, 0];
  return (scalar) => {
    if (scalar < scalars) [scalars, unit] = [0, 0];
    while (scalars < scalar && unit < text.length) {
      unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
      scalars += 1;
    }
    return unit;
  };
}
