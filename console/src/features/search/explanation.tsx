// The parts of a result's score: how much of what each part can give it has.

import type { Schemas } from "../../lib/api";

type Parts = Schemas["Explanation"];

/** The range of each part, as docs/search.md states them. */
const ROWS: { key: keyof Parts; title: string; about: string; from: number; to: number }[] = [
  { key: "lexical", title: "Words", about: "the words of the query, by how rare they are", from: 0, to: 1 },
  { key: "vector", title: "Meaning", about: "how near it is to the query in other words", from: 0, to: 1 },
  {
    key: "facts",
    title: "Facts",
    about: "the share of the query that names who, where or what kind",
    from: 0,
    to: 0.8,
  },
  { key: "kind", title: "Kind", about: "the kind of event that the question begins with", from: 0, to: 0.4 },
  { key: "graph", title: "Graph", about: "an edge ties it to one of the best", from: 0, to: 0.7 },
  { key: "proximity", title: "Proximity", about: "how close together the words stand", from: 0, to: 0.2 },
  { key: "heading", title: "Heading", about: "the share of the query in the title", from: 0, to: 0.2 },
  { key: "importance", title: "Importance", about: "the significance and the kind of event", from: 0, to: 0.1 },
  { key: "recency", title: "Recency", about: "the sum is multiplied by it", from: 0.92, to: 1 },
];

export function Explanation({ parts }: { parts: Parts }) {
  return (
    <dl className="grid grid-cols-[auto_minmax(3rem,10rem)_auto] items-center justify-start gap-x-3 gap-y-1 text-xs">
      {ROWS.map(({ key, title, about, from, to }) => {
        const share = Math.max(0, Math.min(1, (parts[key] - from) / (to - from)));
        return (
          <div key={key} title={`${title}: ${about}`} className="contents">
            <dt className="text-quiet">{title}</dt>
            <dd aria-hidden className="bg-line h-1.5 overflow-hidden rounded-full">
              <span className="bg-bronze block h-full rounded-full" style={{ width: `${share * 100}%` }} />
            </dd>
            <dd className="text-quiet tabular-nums">
              <span className="text-ink">
                {key === "recency" && "× "}
                {parts[key].toFixed(2)}
              </span>{" "}
              {key !== "recency" && `of ${to}`}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
