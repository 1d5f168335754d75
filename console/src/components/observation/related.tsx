// The observations that one is tied to: each once, with every edge to it and why it was drawn.

import { useEdges } from "../../lib/api";
import { percent } from "../../lib/format";
import { readTitle } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { Badge } from "../ui/badge";
import { Go } from "../ui/go";
import { Empty, Failure, Skeleton } from "../ui/page";
import { Time } from "../ui/time";
import { type EdgeGroup, grouped, kindInWords, reasonInWords } from "./edges";

/** `most` groups at first; the rest is a click away on the page. */
export function Related({ id, most }: { id: string; most?: number }) {
  const edges = useEdges(id);
  if (edges.isPending) return <Skeleton />;
  if (edges.isError) return <Failure error={edges.error} onRetry={() => void edges.refetch()} />;
  const groups = grouped(edges.data.data);
  if (groups.length === 0)
    return <Empty>Nothing else shares a commit, a branch, an issue or a pull request with it yet.</Empty>;
  const shown = groups.slice(0, most);
  return (
    <>
      <ol className="divide-line divide-y">
        {shown.map((group) => (
          <Group key={group.observation.id} group={group} />
        ))}
      </ol>
      {shown.length < groups.length && (
        <p className="border-line border-t px-4 py-2.5">
          <Go to={paths.observation(id)} search={{ tab: "related" }} className="text-bronze hover:underline">
            All {groups.length} related observations
          </Go>
        </p>
      )}
    </>
  );
}

function Group({ group: { observation, edges, confidence } }: { group: EdgeGroup }) {
  const { kind, text } = readTitle(observation);
  const reasons = [...new Set(edges.map(reasonInWords))];
  return (
    <li data-kind="edge">
      <Go to={paths.observation(observation.id)} className="focus-inside hover:bg-sunken block px-4 py-2.5">
        <span className="flex flex-wrap items-center gap-1.5">
          {[...new Set(edges.map(kindInWords))].map((kind) => (
            <Badge key={kind} tone="bronze">
              {kind}
            </Badge>
          ))}
          <span className="text-quiet text-xs tabular-nums" title="How certain it is">
            {percent(confidence)}
          </span>
          <span className="ml-auto">
            <Time at={observation.occurred_at} />
          </span>
        </span>
        <span className="mt-1 block truncate font-medium">{text}</span>
        <span className="text-quiet block truncate text-xs">
          {providerName(observation.provider)} · {kind}
        </span>
        <span className="text-quiet mt-0.5 block text-xs">{reasons.join(" ")}</span>
      </Go>
    </li>
  );
}
