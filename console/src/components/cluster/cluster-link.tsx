// The cluster of an observation, by its title.

import { paths } from "../../lib/paths";
import { Go } from "../ui/go";
import { counted, useCluster } from "./cluster";

export function ClusterLink({ id }: { id: string }) {
  const cluster = useCluster(id);
  const count = cluster.data?.observation_count ?? 0;
  if (cluster.data && count < 2) return <span className="text-quiet">Nothing else so far</span>;
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-2">
      <Go to={paths.cluster(id)} className="text-bronze hover:underline">
        {cluster.data?.title ?? id}
      </Go>
      {cluster.data && <span className="text-quiet text-xs">{counted(count, "observation")}</span>}
    </span>
  );
}
