// The sources of the workspace, each with its health, and the providers whose deliveries can be taken.

import { Plus } from "lucide-react";
import { useState } from "react";

import { Badge, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { Go } from "../../components/ui/go";
import { Failure, Skeleton } from "../../components/ui/page";
import { Mark } from "../../components/ui/provider-mark";
import { Time } from "../../components/ui/time";
import { paths } from "../../lib/paths";
import { PROVIDERS, providerName } from "../../lib/providers";
import { useCan } from "../../lib/role";
import { isDeliverySource, placeName, type Source, useLatestDeliveries, useSources } from "../../lib/sources";
import { useUrl } from "../../lib/url";
import { type Health, healthOf } from "./sources";

/** So many are shown before somebody asks for all. */
const FIRST = 12;

export function SourceCards() {
  const url = useUrl();
  const can = useCan();
  return (
    <>
      <Connected />
      <ul aria-label="Providers of sources" className="mt-3 grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {PROVIDERS.map(({ key, name, about }) => (
          <li key={key} className="border-line flex flex-col gap-2 rounded-lg border p-4">
            <span className="flex items-center gap-2.5">
              <Mark provider={key} />
              <h4 className="font-semibold">{name}</h4>
            </span>
            <p className="text-quiet flex-1">{about}</p>
            {can.configure && (
              <Button className="justify-self-start" onClick={() => url.set({ add: key })} aria-label={`Add ${name}`}>
                <Plus aria-hidden className="size-4" />
                Add
              </Button>
            )}
          </li>
        ))}
      </ul>
      {!can.configure && <p className="text-quiet mt-3">Managers and owners add sources.</p>}
    </>
  );
}

function Connected() {
  const sources = useSources();
  const deliveries = useLatestDeliveries();
  const [isWhole, setWhole] = useState(false);
  const all = sources.data ?? [];
  const shown = isWhole ? all : all.slice(0, FIRST);
  return (
    <>
      {sources.isPending && <Skeleton lines={4} />}
      {sources.isError && <Failure error={sources.error} onRetry={() => void sources.refetch()} />}
      {sources.data?.length === 0 && (
        <p className="border-line text-quiet rounded-lg border border-dashed px-4 py-6">
          No source is connected to this workspace yet. Add one of those below.
        </p>
      )}
      {all.length > 0 && (
        <ul aria-label="Sources" className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
          {shown.map((source) => (
            <SourceCard
              key={source.id}
              source={source}
              health={deliveries.data && healthOf(source.id, deliveries.data)}
            />
          ))}
        </ul>
      )}
      {all.length > shown.length && (
        <Button className="mt-3" onClick={() => setWhole(true)}>
          All {all.length} sources
        </Button>
      )}
    </>
  );
}

function SourceCard({ source, health }: { source: Source; health?: Health }) {
  const failed = health?.counts.failed ?? 0;
  return (
    <li>
      <Go
        to={paths.source(source.id)}
        className="border-line bg-raised hover:bg-sunken flex h-full flex-col gap-3 rounded-lg border p-4"
      >
        <span className="flex items-center gap-2.5">
          <Mark provider={source.provider} />
          <span className="min-w-0 flex-1">
            <h4 className="truncate font-semibold">{providerName(source.provider)}</h4>
            <span className="text-quiet block truncate font-mono text-xs" title={placeName(source)}>
              {placeName(source)}
            </span>
          </span>
          {health && <Status word={health.lastWebhook ? "connected" : source.resource ? "linked" : "waiting"} />}
        </span>
        <span className="text-quiet flex min-h-5 flex-wrap items-center gap-2 text-xs">
          {health && <News source={source} health={health} />}
          {failed > 0 && <Badge tone="bad">{failed} failed</Badge>}
          {source.previous_secret_until && <Badge tone="warn">Two secrets valid</Badge>}
        </span>
      </Go>
    </li>
  );
}

/** The newest that came of a source: a delivery of the tool, or a page of its history. */
function News({ source, health: { last, lastWebhook } }: { source: Source; health: Health }) {
  if (!isDeliverySource(source)) return "Its documents are read";
  const newest = lastWebhook ?? last;
  if (!newest) return "No delivery lately";
  return (
    <>
      {newest === lastWebhook ? "Last delivery" : "History came along"} <Time at={newest.received_at} />
    </>
  );
}
