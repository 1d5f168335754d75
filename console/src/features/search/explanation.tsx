// The parts of a result's score: how much of what each part can give it has.

import { ADDED_PARTS, type Parts, pointsOf, RECENCY, RELEVANCE, type ScorePart, shareOf } from "./score-parts";

export function Explanation({ parts }: { parts: Parts }) {
  return (
    <dl className="grid grid-cols-[auto_minmax(3rem,10rem)_auto] items-center justify-start gap-x-3 gap-y-1 text-xs">
      {typeof parts.rerank === "number" && <Part part={RELEVANCE} value={parts.rerank} />}
      {[...ADDED_PARTS, RECENCY].map((part) => (
        <Part key={part.key} part={part} value={pointsOf(parts, part)} />
      ))}
    </dl>
  );
}

function Part({ part, value }: { part: ScorePart; value: number }) {
  const isFactor = part === RECENCY;
  return (
    <div title={`${part.title}: ${part.about}`} className="contents">
      <dt className="text-quiet">{part.title}</dt>
      <dd aria-hidden>
        <ShareBar part={part} value={value} />
      </dd>
      <dd className="text-quiet tabular-nums">
        <span className="text-ink">
          {isFactor && "× "}
          {value.toFixed(2)}
        </span>{" "}
        {!isFactor && `of ${part.to}`}
      </dd>
    </div>
  );
}

/** The share of its range that a part has, as a bar. */
export function ShareBar({ part, value }: { part: ScorePart; value: number }) {
  return (
    <span className="bg-line block h-1.5 overflow-hidden rounded-full">
      <span className="bg-bronze block h-full rounded-full" style={{ width: `${shareOf(part, value) * 100}%` }} />
    </span>
  );
}
