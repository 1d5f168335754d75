// The neighbourhood of an observation as a drawing that can be walked.

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { useGo } from "../../components/ui/go";
import { NeighbourGraph } from "../../components/ui/graph";
import { Empty, Failure, Skeleton } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { api, data, type Observation } from "../../lib/api";
import { paths } from "../../lib/paths";
import { useUrl } from "../../lib/url";
import { drawing } from "./graph-drawing";

const MOST = 40;

export function Neighbours({ observation }: { observation: Observation }) {
  const url = useUrl();
  const go = useGo();
  const depth = Number(url.get("depth") ?? 3);
  const graph = useQuery({
    queryKey: ["observation", "graph", observation.id, depth],
    queryFn: () => {
      const params = { path: { id: observation.id }, query: { depth, limit: MOST } };
      return data(api.GET("/api/observations/{id}/graph", { params }));
    },
    placeholderData: keepPreviousData,
  });
  if (graph.isPending) return <Skeleton lines={8} />;
  if (graph.isError) return <Failure error={graph.error} onRetry={() => void graph.refetch()} />;
  const { nodes, edges, notDrawn } = drawing(graph.data);
  if (nodes.length === 1) return <Empty>Nothing is tied to this observation yet.</Empty>;
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Segments
          label="Steps from the centre"
          value={String(depth)}
          options={[
            ["1", "1 step"],
            ["2", "2 steps"],
            ["3", "3 steps"],
          ]}
          onChange={(next) => url.set({ depth: next === "3" ? undefined : next }, { replace: true })}
        />
        <p className="text-quiet text-xs">
          {nodes.length} observations, {edges.length} edges.
          {graph.data.is_cut && ` There are more: the first ${MOST} are drawn.`}
          {notDrawn > 0 && ` ${notDrawn} edges between observations of the same distance are not drawn.`}
        </p>
      </div>
      <NeighbourGraph
        nodes={nodes}
        edges={edges}
        centre={observation.id}
        onOpen={(id) => void go(paths.observation(id))}
        onCentre={(id) => void go(paths.observation(id), { search: { tab: "graph", depth: url.get("depth") } })}
      />
    </div>
  );
}
