// The calls and tokens of the organisation in this month, and the bounds.

import { Empty, Panel } from "../../components/ui/page";
import type { Schemas } from "../../lib/api";
import { count, percent } from "./model-words";

type Usage = Schemas["UsageView"];

const PURPOSES: Record<string, string> = {
  answers: "Answers",
  understanding: "Classification, entities and summaries",
  embeddings: "Vectors",
  rerank: "Order of results",
};

export function ModelUsage({ of: { month, counts, embeddingsCap, writerCap } }: { of: Usage }) {
  const tokens = (purposes: string[]) =>
    counts
      .filter(({ purpose }) => purposes.includes(purpose))
      .reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
  const bounds: [string, number, number][] = [
    ["Vectors of a provider", tokens(["embeddings"]), embeddingsCap],
    ["Language model", tokens(["answers", "understanding"]), writerCap],
  ];
  return (
    <Panel title="Use in this month" note={`${month}, of the whole organisation`} className="lg:col-span-2">
      {counts.length === 0 ? (
        <Empty>No provider was called. The model within the server is not counted.</Empty>
      ) : (
        <div className="overflow-x-auto">
          <table className="w-full text-left">
            <thead className="text-quiet text-xs">
              <tr className="border-line border-b">
                <th className="px-4 py-2 font-normal">For</th>
                <th className="px-4 py-2 text-right font-normal">Calls</th>
                <th className="px-4 py-2 text-right font-normal">Tokens read</th>
                <th className="px-4 py-2 text-right font-normal">Written</th>
              </tr>
            </thead>
            <tbody className="divide-line divide-y tabular-nums">
              {counts.map(({ purpose, calls, inputTokens, outputTokens }) => (
                <tr key={purpose}>
                  <td className="px-4 py-2">{PURPOSES[purpose] ?? purpose}</td>
                  <td className="px-4 py-2 text-right">{count(calls)}</td>
                  <td className="px-4 py-2 text-right">{count(inputTokens)}</td>
                  <td className="px-4 py-2 text-right">{count(outputTokens)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <ul className="divide-line border-line divide-y border-t">
        {bounds.map(([name, used, cap]) => (
          <li key={name} className="flex flex-wrap items-center gap-x-3 px-4 py-2">
            <span className="min-w-0 flex-1">{name}</span>
            <span className="text-quiet text-xs tabular-nums">
              {cap === 0
                ? `${count(used)} tokens, no bound`
                : `${count(used)} of ${count(cap)} tokens, ${percent(used / cap)}`}
            </span>
          </li>
        ))}
      </ul>
      <p className="text-quiet border-line border-t px-4 py-3 text-xs">
        At its bound, no new vectors are made by the provider, and answers become quotations, until the next month.
        Search goes on.
      </p>
    </Panel>
  );
}
