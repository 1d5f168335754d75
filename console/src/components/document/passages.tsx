// The text of a document with its passages marked: each is what search finds at a time.

import { useEffect, useMemo, useRef, useState } from "react";

import { Button } from "../ui/button";
import { cx } from "../ui/cx";
import { Markdown } from "../ui/markdown";
import { Empty } from "../ui/page";
import type { Detail } from "./document";
import { type Piece, piecesOf } from "./pieces";

/** So many pieces are drawn at first, and more when they are asked for: a document may have thousands. */
const SHOWN = 60;

export function Passages({ document, marked }: { document: Detail; marked?: number }) {
  const pieces = useMemo(() => piecesOf(document.text, document.chunks), [document]);
  const markedAt = pieces.findIndex(({ chunk }) => chunk?.no === marked);
  const [most, setMost] = useState(SHOWN);
  const [list, target] = [useRef<HTMLDivElement>(null), useRef<HTMLElement>(null)];
  // biome-ignore lint/correctness/useExhaustiveDependencies: another passage is shown when another one is marked
  useEffect(() => keptInView(list.current, target.current), [markedAt, document.id]);
  const shown = pieces.slice(0, Math.max(most, markedAt + SHOWN / 2));
  if (pieces.length === 0) return <Empty>It has no text.</Empty>;
  return (
    <div ref={list} className="grid gap-1 p-3 sm:p-4">
      {shown.map((piece) =>
        piece.chunk ? (
          <section
            key={piece.at}
            ref={piece.chunk.no === marked ? target : undefined}
            aria-label={`Passage ${piece.chunk.no}`}
            aria-current={piece.chunk.no === marked ? "location" : undefined}
            className={cx(
              "min-w-0 rounded-md border-l-2 py-1.5 pr-2 pl-3",
              piece.chunk.no === marked ? "border-bronze bg-bronze-tint" : "border-line hover:bg-sunken",
            )}
          >
            <p className="text-quiet mb-1 flex flex-wrap gap-x-2 text-2xs tabular-nums">
              <span className="min-w-0 wrap-anywhere">{piece.chunk.headings.join(" › ") || document.title}</span>
              <span className="ml-auto whitespace-nowrap">
                passage {piece.chunk.no} · {piece.chunk.tokens} tokens
              </span>
            </p>
            <Text piece={piece} format={document.format} />
          </section>
        ) : (
          <div key={piece.at} className="px-3 pt-2">
            <Text piece={piece} format={document.format} />
          </div>
        ),
      )}
      {shown.length < pieces.length && (
        <p className="pt-2 text-center">
          <Button onClick={() => setMost(shown.length + 2 * SHOWN)}>
            Show more of {document.chunks.length.toLocaleString("en")} passages
          </Button>
        </p>
      )}
    </div>
  );
}

/** For so long, in milliseconds, a passage is kept in view while the text around it gets its look. */
const SETTLING = 2_000;

/** Scrolls to a passage, and again when the text grows, until somebody scrolls. */
function keptInView(list: HTMLElement | null, target: HTMLElement | null): (() => void) | undefined {
  if (!list || !target) return undefined;
  const show = () => target.scrollIntoView({ block: "center" });
  const grows = new ResizeObserver(show);
  const stop = new AbortController();
  const end = () => {
    grows.disconnect();
    stop.abort();
  };
  const timer = setTimeout(end, SETTLING);
  stop.signal.addEventListener("abort", () => clearTimeout(timer));
  for (const name of ["wheel", "touchstart", "pointerdown", "keydown"])
    addEventListener(name, end, { passive: true, signal: stop.signal });
  show();
  grows.observe(list);
  return end;
}

function Text({ piece, format }: { piece: Piece; format: string }) {
  const { text } = piece;
  switch (format) {
    case "markdown":
    case "mdx":
      return <Markdown text={text} topHeading={3} className="max-w-none" />;
    case "code":
      return <pre className="overflow-x-auto font-mono text-xs whitespace-pre-wrap wrap-anywhere">{text}</pre>;
    default:
      return <p className={cx("whitespace-pre-wrap wrap-anywhere", !piece.chunk && "font-semibold")}>{text.trim()}</p>;
  }
}
