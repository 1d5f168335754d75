// The status of a cluster.

import { Badge } from "../ui/badge";
import { type ClusterStatus, statusOf } from "./cluster";

export function ClusterBadge({ status }: { status: ClusterStatus }) {
  const known = statusOf(status);
  return <Badge tone={known?.tone}>{known?.title ?? status}</Badge>;
}
