// The sources that are connected, and the providers that can be.

import { Plus } from "lucide-react";

import { Badge, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { Go } from "../../components/ui/go";
import { Failure, Page, Skeleton } from "../../components/ui/page";
import { Mark } from "../../components/ui/provider-mark";
import { Time } from "../../components/ui/time";
import { usePageActions } from "../../lib/actions";
import { paths } from "../../lib/paths";
import { PROVIDERS, type ProviderKey, providerName } from "../../lib/providers";
import { useCan } from "../../lib/role";
import { useLatestDeliveries, useSources } from "../../lib/sources";
import { useUrl } from "../../lib/url";
import { AddSource } from "./add-source";
import { type Health, healthOf, type Source } from "./sources";

export function IntegrationsPage() {
  const url = useUrl();
  const can = useCan();
  const adding = PROVIDERS.find(({ key }) => key === url.get("add"));
  usePageActions(
    can.configure
      ? PROVIDERS.map(({ key, name }) => ({ title: `Add ${name}`, icon: <Plus />, run: () => url.set({ add: key }) }))
      : [],
  );
  return (
    <Page title="Integrations" lead="Where observations come from. Each source has an address and a secret of its own.">
      <Connected />
      <section aria-labelledby="available" className="mt-8">
        <h2 id="available" className="mb-3 font-semibold">
          Available
        </h2>
        <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
          {PROVIDERS.map(({ key, name, about }) => (
            <li key={key} className="border-line bg-raised flex flex-col gap-2 rounded-lg border p-4">
              <span className="flex items-center gap-2.5">
                <Mark provider={key} />
                <h3 className="font-semibold">{name}</h3>
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
      </section>
      {adding && can.configure && (
        <AddSource key={adding.key} provider={adding.key as ProviderKey} onClose={() => url.set({ add: undefined })} />
      )}
    </Page>
  );
}

function Connected() {
  const sources = useSources();
  const deliveries = useLatestDeliveries();
  return (
    <section aria-labelledby="connected">
      <h2 id="connected" className="mb-3 flex items-baseline gap-2 font-semibold">
        Connected
        {sources.data && sources.data.length > 0 && (
          <span className="text-quiet text-xs font-normal tabular-nums">{sources.data.length}</span>
        )}
      </h2>
      {sources.isPending && <Skeleton lines={4} />}
      {sources.isError && <Failure error={sources.error} onRetry={() => void sources.refetch()} />}
      {sources.data?.length === 0 && (
        <p className="border-line text-quiet rounded-lg border border-dashed px-4 py-6">
          No source is connected to this workspace yet. Add one of those below.
        </p>
      )}
      {sources.data && sources.data.length > 0 && (
        <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
          {sources.data.map((source) => (
            <SourceCard
              key={source.id}
              source={source}
              health={deliveries.data && healthOf(source.id, deliveries.data)}
            />
          ))}
        </ul>
      )}
    </section>
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
            <h3 className="truncate font-semibold">{providerName(source.provider)}</h3>
            <span className="text-quiet block truncate font-mono text-xs">/{source.path}</span>
          </span>
          {health && <Status word={health.last ? "connected" : "waiting"} />}
        </span>
        <span className="text-quiet flex min-h-5 flex-wrap items-center gap-2 text-xs">
          {health?.last ? (
            <>
              Last delivery <Time at={health.last.received_at} />
            </>
          ) : (
            health && "No delivery lately"
          )}
          {failed > 0 && <Badge tone="bad">{failed} failed</Badge>}
          {source.previous_secret_until && <Badge tone="warn">Two secrets valid</Badge>}
        </span>
      </Go>
    </li>
  );
}
