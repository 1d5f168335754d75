// The page to which the way back from a provider leads: the result in words, and the way on.

import { CircleCheck, CircleX } from "lucide-react";
import type { ReactNode } from "react";

import { buttonLook } from "../../../components/ui/button";
import { Go } from "../../../components/ui/go";
import { Failure, Page, Skeleton } from "../../../components/ui/page";
import { paths } from "../../../lib/paths";
import { useUrl } from "../../../lib/url";
import { ConnectActions } from "./connect-actions";
import { type ConnectEnd, endOf } from "./connect-end";
import { type Connector, useConnection, useConnectors } from "./connections";
import { TokenDialog } from "./token-dialog";

const CRUMBS = [{ title: "Integrations", to: paths.integrations }];

export function ConnectDonePage() {
  const { all } = useUrl();
  const connectors = useConnectors();
  const connector = connectors.data?.find(({ provider }) => provider === all.provider);
  const tool = connector?.name ?? "the provider";
  const end = endOf(all, tool);
  return (
    <Page title={connector ? `Connect ${tool}` : "Connect a tool"} crumbs={CRUMBS}>
      {connectors.isPending ? (
        <Skeleton />
      ) : end.kind === "connected" ? (
        <Connected id={end.connection} tool={tool} />
      ) : (
        <NotConnected end={end} connector={connector} />
      )}
      <TokenDialog />
    </Page>
  );
}

/** The address only names the connection: that it is there, and well, is read. */
function Connected({ id, tool }: { id: string; tool: string }) {
  const connection = useConnection(id);
  if (connection.isPending) return <Skeleton />;
  if (connection.isError) return <Failure error={connection.error} onRetry={() => void connection.refetch()} />;
  const { account_label } = connection.data;
  return (
    <Result
      isGood
      title={`${account_label} of ${tool} is connected`}
      actions={
        <>
          <Go to={paths.connection(id)} className={buttonLook("primary")}>
            Look at the account
          </Go>
          <ToIntegrations />
        </>
      }
    >
      <p>Its resources are being listed. Campanile checks every five minutes that it is still well.</p>
    </Result>
  );
}

function NotConnected({ end, connector }: { end: Exclude<ConnectEnd, { kind: "connected" }>; connector?: Connector }) {
  const actions = (
    <>
      {connector && <ConnectActions connector={connector} />}
      <ToIntegrations />
    </>
  );
  if (end.kind === "none") {
    return (
      <Result title="Nothing was connected here" actions={actions}>
        <p>This is the page after a consent at a provider. Tools are connected under Integrations.</p>
      </Result>
    );
  }
  return (
    <Result title={end.title} actions={actions}>
      <p>{end.text}</p>
      {end.quote && <blockquote className="border-line border-l-2 pl-3 wrap-anywhere">{end.quote}</blockquote>}
    </Result>
  );
}

const ToIntegrations = () => (
  <Go to={paths.integrations} className={buttonLook()}>
    Integrations
  </Go>
);

type ResultProps = { isGood?: boolean; title: string; actions: ReactNode; children: ReactNode };

function Result({ isGood, title, actions, children }: ResultProps) {
  const Icon = isGood ? CircleCheck : CircleX;
  return (
    <section
      role="status"
      aria-label="Result"
      className="border-line bg-raised flex max-w-2xl items-start gap-3 rounded-lg border p-4"
    >
      <Icon aria-hidden className={isGood ? "text-good mt-0.5 size-5 shrink-0" : "text-bad mt-0.5 size-5 shrink-0"} />
      <div className="grid min-w-0 gap-2">
        <h2 className="font-semibold wrap-anywhere">{title}</h2>
        <div className="text-quiet grid gap-2">{children}</div>
        <span className="mt-2 flex flex-wrap gap-2">{actions}</span>
      </div>
    </section>
  );
}
