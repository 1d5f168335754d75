// A cluster beside a list: its summary, and what happened.

import { paths } from "../../lib/paths";
import { DetailPanel } from "../ui/detail-panel";
import { Empty, Failure, Skeleton } from "../ui/page";
import { counted, useCluster } from "./cluster";
import { ClusterBadge } from "./cluster-badge";
import { Happenings } from "./happenings";

export function ClusterPanel({ id }: { id: string }) {
  const cluster = useCluster(id);
  if (!cluster.data) {
    return (
      <DetailPanel title="Cluster">
        {cluster.isPending ? (
          <Skeleton lines={6} />
        ) : (
          <Failure error={cluster.error} onRetry={() => void cluster.refetch()} />
        )}
      </DetailPanel>
    );
  }
  const it = cluster.data;
  const badges = (
    <>
      <ClusterBadge status={it.status} />
      <span className="text-quiet text-xs">{counted(it.observation_count, "observation")}</span>
    </>
  );
  return (
    <DetailPanel title={it.title} page={paths.cluster(it.id)} badges={badges}>
      {it.summary ? <p className="p-4 text-pretty">{it.summary.text}</p> : <Empty>It has no summary yet.</Empty>}
      <section aria-label="Observations" className="border-line border-t">
        <Happenings of={it.observations.data} />
      </section>
    </DetailPanel>
  );
}
