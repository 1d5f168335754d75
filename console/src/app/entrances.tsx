// Addresses without a workspace: of the front door, and of links in mails and chats. They lead to where the thing is.

import { Navigate, useParams } from "@tanstack/react-router";

import { useCluster } from "../components/cluster/cluster";
import { Failure, Skeleton } from "../components/ui/page";
import { useObservation, useWorkspace } from "../lib/api";
import { paths } from "../lib/paths";

function Within({ path }: { path: string }) {
  const workspace = useWorkspace();
  return workspace ? <Navigate to={`/w/${workspace.id}${path}`} search={true as never} replace /> : <NoWorkspace />;
}

function NoWorkspace() {
  return <p className="p-8">There is no workspace yet. An owner makes one with POST /api/workspaces.</p>;
}

export const FirstWorkspace = () => <Within path={paths.home} />;

/** Of the way back from a provider's page, where it is not known from which workspace it was begun. */
export const ConnectDone = () => <Within path={paths.connectDone} />;

/** Of a mail or a chat: the observation knows its workspace. */
export function EarlierObservation() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const observation = useObservation(id);
  if (observation.isPending) return <Skeleton />;
  if (observation.isError) return <Failure error={observation.error} />;
  return <Navigate to={`/w/${observation.data.workspace_id}${paths.observation(id)}`} replace />;
}

/** Of a result that an assistant has found. */
export function EarlierCluster() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const cluster = useCluster(id);
  if (cluster.isPending) return <Skeleton />;
  if (cluster.isError) return <Failure error={cluster.error} />;
  return <Navigate to={`/w/${cluster.data.workspace_id}${paths.cluster(id)}`} replace />;
}

const NOW_AT: Record<string, string> = {
  inbox: paths.inbox,
  workflows: paths.workflows,
  runs: paths.notifyRuns,
  slack: paths.channel("slack"),
  email: paths.channel("email"),
};

/** The targets of `/notifications/…`, before every address named its workspace. */
export function EarlierNotifications() {
  const { _splat = "" } = useParams({ strict: false }) as { _splat?: string };
  const [first = "", second] = _splat.split("/");
  const path = NOW_AT[first];
  const inner = second && (first === "workflows" || first === "runs") ? `/${second}` : "";
  return <Within path={path ? path + inner : paths.preferences} />;
}
