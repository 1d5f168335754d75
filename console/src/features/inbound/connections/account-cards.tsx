// The tools that can be connected, each with its accounts; then those of later versions.

import { Go } from "../../../components/ui/go";
import { Failure, Skeleton } from "../../../components/ui/page";
import { Mark } from "../../../components/ui/provider-mark";
import { paths } from "../../../lib/paths";
import { providerName } from "../../../lib/providers";
import { useCan } from "../../../lib/role";
import { ConnectActions } from "./connect-actions";
import { type Connection, type Connector, useConnections, useConnectors } from "./connections";
import { StateBadge } from "./parts";
import { Permissions } from "./permissions";
import { badgeOf, badgeOfConnector, canHaveConsent, isRequest, listed, nameOf } from "./words";

/** So many accounts that were disconnected are named. */
const MOST_CLOSED = 10;

export function AccountCards() {
  const can = useCan();
  const connectors = useConnectors();
  const connections = useConnections();
  if (connectors.isPending) return <Skeleton lines={4} />;
  if (connectors.isError) return <Failure error={connectors.error} onRetry={() => void connectors.refetch()} />;
  const available = connectors.data.filter(({ state }) => state === "available");
  const later = connectors.data.filter(({ state }) => state !== "available");
  return (
    <>
      {connections.isError && <Failure error={connections.error} onRetry={() => void connections.refetch()} />}
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {available.map((connector) => (
          <AvailableCard
            key={connector.provider}
            connector={connector}
            connections={connections.data?.filter(({ provider }) => provider === connector.provider)}
          />
        ))}
      </ul>
      {!can.configure && <p className="text-quiet mt-3">Managers and owners connect accounts.</p>}
      <ul aria-label="Coming soon" className="mt-3 grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
        {later.map((connector) => (
          <LaterCard key={connector.provider} connector={connector} />
        ))}
      </ul>
      <Disconnected connections={connections.data ?? []} />
    </>
  );
}

function AvailableCard({ connector, connections }: { connector: Connector; connections?: Connection[] }) {
  const { provider, name, reads, needs_public_url, has_oauth } = connector;
  const shown = connections?.filter(({ status }) => status !== "closed") ?? [];
  return (
    <li className="border-line bg-raised flex min-w-0 flex-col gap-3 rounded-lg border p-4">
      <span className="flex items-center gap-2.5">
        <Mark provider={provider} />
        <h4 className="min-w-0 flex-1 truncate font-semibold">{name}</h4>
        {connections && <StateBadge of={badgeOfConnector(connector, connections)} />}
      </span>
      <p className="text-quiet">
        Reads {listed(reads)}.{" "}
        {needs_public_url ? "Needs a public address of this server." : "Needs no public address of this server."}
      </p>
      <Permissions of={connector} />
      {shown.length > 0 && (
        <ul aria-label={`Accounts of ${name}`} className="border-line divide-line divide-y rounded-md border">
          {shown.map((it) => (
            <li key={it.id}>
              <Go
                to={paths.connection(it.id)}
                className="focus-inside hover:bg-sunken flex min-h-9 items-center gap-2 px-3 py-1.5"
              >
                <span className="min-w-0 flex-1 truncate font-medium">{nameOf(it)}</span>
                <StateBadge of={badgeOf(it)} />
              </Go>
            </li>
          ))}
        </ul>
      )}
      {!has_oauth && canHaveConsent(provider) && (
        <p className="text-quiet text-xs">
          Consent instead of a token needs an application of this server at {name}:{" "}
          <Go to={paths.doc("connectors")} className="text-bronze underline underline-offset-2">
            how it is set up
          </Go>
          .
        </p>
      )}
      <span className="mt-auto flex flex-wrap gap-2">
        <ConnectActions connector={connector} kind={kindOf(shown)} />
      </span>
    </li>
  );
}

function kindOf(shown: Connection[]) {
  if (shown.some(({ status }) => status === "revoked")) return "again";
  return shown.length > 0 ? "another" : "first";
}

function LaterCard({ connector }: { connector: Connector }) {
  const { provider, name, takes_webhooks } = connector;
  return (
    <li className="border-line text-quiet flex flex-col gap-2 rounded-lg border border-dashed p-3">
      <span className="flex items-center gap-2">
        <Mark provider={provider} size="sm" />
        <h4 className="min-w-0 flex-1 truncate font-medium">{name}</h4>
        <StateBadge of={badgeOfConnector(connector, [])} />
      </span>
      {takes_webhooks && <p className="text-xs">Its webhooks are taken already, by a source below.</p>}
    </li>
  );
}

function Disconnected({ connections }: { connections: Connection[] }) {
  const closed = connections.filter((it) => it.status === "closed" && !isRequest(it)).slice(0, MOST_CLOSED);
  if (closed.length === 0) return null;
  return (
    <p className="text-quiet mt-3 flex flex-wrap gap-x-3 gap-y-1">
      Disconnected:
      {closed.map(({ id, provider, account_label }) => (
        <Go key={id} to={paths.connection(id)} className="text-bronze hover:underline">
          {account_label} of {providerName(provider)}
        </Go>
      ))}
    </p>
  );
}
