// All endpoints of the application, and how each does.

import { Plus } from "lucide-react";

import { Chip, Panel } from "../../components/ui";
import type { Endpoint, Stats } from "./client";
import { useEndpoints, useRead, useWebhooks } from "./context";
import { Heading, Listed } from "./parts";
import { Go, places } from "./places";

export function EndpointsPage() {
  const endpoints = useEndpoints();
  const { can } = useWebhooks();
  return (
    <>
      <Heading title="Endpoints" note="Where events are sent, signed, until they are answered.">
        {can("ManageEndpoint") && (
          <Go to={places.newEndpoint} className="bg-bronze text-on-bronze inline-flex h-9 items-center gap-1.5 rounded-md px-4 font-medium hover:opacity-90">
            <Plus className="size-4" /> Add endpoint
          </Go>
        )}
      </Heading>
      <Panel title="All endpoints">
        <Listed of={endpoints} none="There is no endpoint yet. Add the first, and events are sent to it from then on.">
          {(endpoint) => <Row key={endpoint.id} endpoint={endpoint} />}
        </Listed>
      </Panel>
    </>
  );
}

function Row({ endpoint }: { endpoint: Endpoint }) {
  return (
    <li>
      <Go to={places.endpoint(endpoint.id)} className="hover:bg-ground flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
        <span className="min-w-0 flex-1 basis-60">
          <span className="block truncate font-medium">{endpoint.url}</span>
          {endpoint.description && <span className="text-quiet block truncate text-xs">{endpoint.description}</span>}
        </span>
        {endpoint.disabled ? <Chip>disabled</Chip> : <Rate endpoint={endpoint} />}
      </Go>
    </li>
  );
}

/** The share of failed attempts in the last four weeks. */
function Rate({ endpoint }: { endpoint: Endpoint }) {
  const stats = useRead<Stats>(`/endpoint/${endpoint.id}/stats`);
  if (!stats.data) return null;
  const { success, fail } = stats.data;
  const all = success + fail;
  if (all === 0) return <span className="text-quiet text-xs">no attempts yet</span>;
  const share = fail / all;
  return (
    <span className={`text-xs tabular-nums ${share > 0.05 ? "text-bad" : "text-quiet"}`} title={`${success} delivered, ${fail} failed in 28 days`}>
      {(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} % failed
    </span>
  );
}
