// The page to which the way back from a provider leads: the result in words, and the way on.

import { CircleCheck, CircleX, Hourglass } from "lucide-react";
import type { ReactNode } from "react";

import { Button, buttonLook } from "../../../components/ui/button";
import { cx } from "../../../components/ui/cx";
import { Go } from "../../../components/ui/go";
import { Failure, Page, Skeleton } from "../../../components/ui/page";
import { TONE_TEXT, type Tone } from "../../../components/ui/tones";
import { paths } from "../../../lib/paths";
import { useCan } from "../../../lib/role";
import { useUrl } from "../../../lib/url";
import { ConnectActions } from "./connect-actions";
import { ConnectDialogs } from "./connect-dialog";
import { type ConnectEnd, endOf } from "./connect-end";
import { type Connector, useConnection, useConnectors, useConsent } from "./connections";
import { useGithubApp } from "./github-app";

const CRUMBS = [{ title: "Integrations", to: paths.integrations }];

export function ConnectDonePage() {
  const { all } = useUrl();
  const connectors = useConnectors();
  const connector = connectors.data?.find(({ provider }) => provider === all.provider);
  const tool = connector?.name ?? "the provider";
  const end = endOf(all, tool);
  return (
    <Page title={connector ? `Connect ${tool}` : "Connect a tool"} crumbs={CRUMBS}>
      {connectors.isPending ? <Skeleton /> : <End end={end} tool={tool} connector={connector} />}
      <ConnectDialogs />
    </Page>
  );
}

type EndProps = { end: ConnectEnd; tool: string; connector?: Connector };

function End({ end, tool, connector }: EndProps) {
  switch (end.kind) {
    case "connected":
      return <Connected id={end.connection} tool={tool} />;
    case "requested":
      return <Requested id={end.connection} tool={tool} />;
    case "registered":
      return <Registered slug={end.app} tool={tool} connector={connector} />;
    default:
      return <NotConnected end={end} connector={connector} />;
  }
}

/** The address only names the connection: that it is there, and well, is read. */
function Connected({ id, tool }: { id: string; tool: string }) {
  const connection = useConnection(id);
  if (connection.isPending) return <Skeleton />;
  if (connection.isError) return <Failure error={connection.error} onRetry={() => void connection.refetch()} />;
  const { account_label } = connection.data;
  return (
    <Result
      look="good"
      title={`${account_label} of ${tool} is connected`}
      actions={
        <>
          <Go to={paths.connection(id)} className={buttonLook("primary")}>
            Choose what is read
          </Go>
          <ToIntegrations />
        </>
      }
    >
      <p>Its resources are being listed. Nothing is read of them until they are linked to a workspace.</p>
    </Result>
  );
}

/** An owner has to approve the app: the connection is there, and waits. */
function Requested({ id, tool }: { id: string; tool: string }) {
  const connection = useConnection(id);
  if (connection.isPending) return <Skeleton />;
  if (connection.isError) return <Failure error={connection.error} onRetry={() => void connection.refetch()} />;
  return (
    <Result
      look="info"
      title="An owner has to approve it"
      actions={
        <>
          <Go to={paths.connection(id)} className={buttonLook("primary")}>
            Look at the request
          </Go>
          <ToIntegrations />
        </>
      }
    >
      <p>
        {tool} has told the owners of the account that the app is {connection.data.account_label}. Nothing is connected
        until one of them approves it there. Then {tool} tells this server; without webhooks, you connect it here
        yourself.
      </p>
    </Result>
  );
}

/** An app was registered. It is read too: the address alone does not say that it is there. */
function Registered({ slug, tool, connector }: { slug: string; tool: string; connector?: Connector }) {
  const can = useCan();
  const app = useGithubApp();
  const consent = useConsent();
  if (app.isPending) return <Skeleton />;
  if (app.isError) return <Failure error={app.error} onRetry={() => void app.refetch()} />;
  if (app.data?.slug !== slug) return <NotConnected end={{ kind: "none" }} connector={connector} />;
  return (
    <Result
      look="good"
      title={`The app ${slug} is registered`}
      actions={
        <>
          {can.configure && connector && (
            <Button kind="primary" busy={consent.isPending} onClick={() => consent.mutate(connector.provider)}>
              Install it
            </Button>
          )}
          <ToIntegrations />
        </>
      }
    >
      <p>Its keys are stored encrypted. Install it now: {tool} asks which repositories it may read.</p>
    </Result>
  );
}

type NotConnectedProps = { end: Extract<ConnectEnd, { kind: "failed" | "none" }>; connector?: Connector };

function NotConnected({ end, connector }: NotConnectedProps) {
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

const LOOKS = {
  good: { Icon: CircleCheck, tone: "good" },
  info: { Icon: Hourglass, tone: "info" },
  bad: { Icon: CircleX, tone: "bad" },
} satisfies Record<string, { Icon: typeof CircleX; tone: Tone }>;

type ResultProps = { look?: keyof typeof LOOKS; title: string; actions: ReactNode; children: ReactNode };

function Result({ look = "bad", title, actions, children }: ResultProps) {
  const { Icon, tone } = LOOKS[look];
  return (
    <section
      role="status"
      aria-label="Result"
      className="border-line bg-raised flex max-w-2xl items-start gap-3 rounded-lg border p-4"
    >
      <Icon aria-hidden className={cx("mt-0.5 size-5 shrink-0", TONE_TEXT[tone])} />
      <div className="grid min-w-0 gap-2">
        <h2 className="font-semibold wrap-anywhere">{title}</h2>
        <div className="text-quiet grid gap-2">{children}</div>
        <span className="mt-2 flex flex-wrap gap-2">{actions}</span>
      </div>
    </section>
  );
}
