// How the endpoints and the channels fare, the failing ones first.

import { Badge } from "../../components/ui/badge";
import { Go } from "../../components/ui/go";
import { Empty, Failure, Panel, Skeleton } from "../../components/ui/page";
import { useNotifications } from "../../lib/api";
import { CHANNEL_NAMES } from "../../lib/knock";
import { paths } from "../../lib/paths";
import { useWorkspaceId } from "../../lib/url";
import { type EndpointHealth, failingChannels } from "./needs";
import { useEndpoints } from "./reading";

export function GoingOut() {
  return (
    <Panel title="Endpoints and channels" note="24 hours">
      <Endpoints />
      <Channels />
    </Panel>
  );
}

function Endpoints() {
  const app = useWorkspaceId();
  const endpoints = useEndpoints();
  if (endpoints.isPending) return <Skeleton />;
  if (endpoints.isError) return <Failure error={endpoints.error} onRetry={() => void endpoints.refetch()} />;
  if (endpoints.data.length === 0) return <Empty>This workspace has no webhook endpoint yet.</Empty>;
  const worst = [...endpoints.data].sort((a, b) => b.fail - a.fail).slice(0, 6);
  return (
    <ul className="divide-line divide-y">
      {worst.map((endpoint) => (
        <li key={endpoint.id}>
          <Go
            to={paths.endpoint(app, endpoint.id)}
            className="focus-inside hover:bg-sunken flex items-center gap-3 px-4 py-2"
          >
            <span className="min-w-0 flex-1 truncate" title={endpoint.url}>
              {endpoint.name}
            </span>
            {endpoint.disabled ? <Badge tone="warn">disabled</Badge> : <Share endpoint={endpoint} />}
          </Go>
        </li>
      ))}
    </ul>
  );
}

function Share({ endpoint: { success, fail } }: { endpoint: EndpointHealth }) {
  const all = success + fail;
  if (all === 0) return <span className="text-quiet text-xs">nothing sent</span>;
  return (
    <span className="flex items-center gap-2 text-xs tabular-nums">
      <span className="text-quiet">
        {fail} of {all} failed
      </span>
      <span aria-hidden className="bg-bad flex h-1.5 w-16 overflow-hidden rounded-full">
        <span className="bg-good h-full" style={{ width: `${(100 * success) / all}%` }} />
      </span>
    </span>
  );
}

function Channels() {
  const notifications = useNotifications(useWorkspaceId());
  const failing = failingChannels(notifications.data?.data ?? [], (channel) => CHANNEL_NAMES[channel] ?? channel);
  if (failing.length === 0) return null;
  return (
    <ul className="divide-line border-line divide-y border-t">
      {failing.map(({ channel, failed, of, error }) => (
        <li key={channel} className="px-4 py-2">
          <span className="flex items-center gap-3">
            <span className="min-w-0 flex-1 truncate">{channel}</span>
            <span className="text-bad text-xs tabular-nums">
              {failed} of the latest {of} failed
            </span>
          </span>
          {error && <span className="text-quiet block truncate text-xs">{error}</span>}
        </li>
      ))}
    </ul>
  );
}
