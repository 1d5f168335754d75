// One connected account: its status, what is known of it, its resources, and its log.

import { RefreshCw } from "lucide-react";
import type { ReactNode } from "react";

import { Badge, Code } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { cx } from "../../../components/ui/cx";
import { Facts, Failure, Page, Panel, Skeleton } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done, notDone } from "../../../components/ui/toast";
import { TONE_TEXT, TONE_TINT } from "../../../components/ui/tones";
import { usePageActions } from "../../../lib/actions";
import { exactly } from "../../../lib/format";
import { paths } from "../../../lib/paths";
import { providerName } from "../../../lib/providers";
import { useCan } from "../../../lib/role";
import { ConnectActions } from "./connect-actions";
import { ConnectDialogs } from "./connect-dialog";
import {
  type Connection,
  type ListedConnection,
  useCheck,
  useConnectedBy,
  useConnection,
  useConnectors,
  useConsent,
  useListsFollowStatus,
} from "./connections";
import { Disconnect } from "./disconnect";
import { HistoryPanel } from "./history/history-panel";
import { Linked } from "./linked";
import { Log } from "./log";
import { MissingPermissions } from "./missing-permissions";
import { StateBadge } from "./parts";
import { Resources } from "./resources";
import { badgeOf, checkInWords, isRequest, limitInWords, nameOf, troubleOf, wayInWords } from "./words";

const CRUMBS = [{ title: "Integrations", to: paths.integrations }];

export function ConnectionPage({ id }: { id: string }) {
  const connection = useConnection(id);
  if (connection.data) return <Known it={connection.data} />;
  return (
    <Page title="Connection" crumbs={CRUMBS}>
      {connection.isPending ? (
        <Skeleton lines={6} />
      ) : (
        <Failure error={connection.error} onRetry={() => void connection.refetch()} />
      )}
    </Page>
  );
}

function Known({ it }: { it: ListedConnection }) {
  useListsFollowStatus(it);
  const badges = (
    <>
      <StateBadge of={badgeOf(it)} />
      <Badge>{providerName(it.provider)}</Badge>
    </>
  );
  return (
    <Page title={nameOf(it)} crumbs={CRUMBS} badges={badges} actions={<Actions it={it} />}>
      <StatusBanner it={it} />
      <MissingPermissions it={it} />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
        <div className="grid min-w-0 gap-4">
          <About it={it} />
          {!isRequest(it) && <HistoryPanel of={it} />}
          <Log of={it} />
        </div>
        {!isRequest(it) && (
          <div className="grid min-w-0 gap-4">
            {it.status !== "closed" && <Linked of={it} />}
            <Resources of={it} />
          </div>
        )}
      </div>
      <ConnectDialogs />
    </Page>
  );
}

/** The status of a connection that is not well: its reason, since when, and the way on. */
function StatusBanner({ it }: { it: Connection }) {
  const can = useCan();
  const consent = useConsent();
  const connectors = useConnectors();
  const trouble = troubleOf(it.status, providerName(it.provider));
  if (!trouble) return null;
  const { tone } = badgeOf(it);
  const connector = connectors.data?.find(({ provider }) => provider === it.provider);
  const isWaiting = it.status === "pending" && can.configure;
  const canReconnect = it.status === "revoked" || it.status === "closed";
  return (
    <section
      role="status"
      aria-label="Status"
      className={cx("border-line mb-4 flex flex-wrap items-center gap-3 rounded-lg border px-4 py-3", TONE_TINT[tone])}
    >
      <div className="min-w-0 flex-1 basis-64">
        <p className={cx("font-medium", TONE_TEXT[tone])}>
          {trouble.title} since {exactly(it.status_at)}
        </p>
        {it.status_reason && <p className="wrap-anywhere first-letter:uppercase">{it.status_reason}</p>}
        <p className="text-quiet">{trouble.text}</p>
      </div>
      {isWaiting && (
        <Button busy={consent.isPending} onClick={() => consent.mutate(it.provider)}>
          It was approved: connect it
        </Button>
      )}
      {connector && canReconnect && (
        <span className="flex flex-wrap gap-2">
          <ConnectActions connector={connector} kind="again" />
        </span>
      )}
    </section>
  );
}

function About({ it }: { it: Connection }) {
  const can = useCan();
  const by = useConnectedBy(it.connected_by, can.administer);
  const isClosed = it.status === "closed";
  const limit = limitInWords(it);
  const since: [string, ReactNode] = [
    "Status since",
    <span key="since" className="flex flex-wrap items-baseline gap-x-2">
      {exactly(it.status_at)} <Time at={it.status_at} />
    </span>,
  ];
  if (isRequest(it)) {
    return (
      <Panel title="About">
        <Facts of={[["Asked for by", by], ["Asked for", exactly(it.created_at)], since]} />
      </Panel>
    );
  }
  const facts: [string, ReactNode][] = [
    [
      "Account",
      <span key="account" className="flex flex-wrap items-baseline gap-x-2">
        {it.account_label} <Code>{it.account_id}</Code>
      </span>,
    ],
    ["Connected by", by],
    ["Way", wayInWords(it.kind)],
    ["First connected", exactly(it.created_at)],
    since,
    ["Last good call", it.last_seen_at ? <Time key="seen" at={it.last_seen_at} /> : "none yet"],
    ["Permissions", <Scopes key="scopes" of={it.scopes} />],
  ];
  if (it.failures > 0 && !isClosed) facts.push(["Failed calls", `${it.failures} in a row`]);
  if (!isClosed) {
    facts.push(["Calls left", limit ? <Limit key="limit" text={limit} resets={it.limit_reset_at} /> : "not told"]);
    facts.push(["Token", <TokenLife key="token" of={it} />]);
  }
  return (
    <Panel title="About">
      <Facts of={facts} />
    </Panel>
  );
}

function Scopes({ of }: { of: string[] }) {
  if (of.length === 0) return "not told by the provider";
  return (
    <span className="flex flex-wrap gap-1">
      {of.map((scope) => (
        <Code key={scope}>{scope}</Code>
      ))}
    </span>
  );
}

function Limit({ text, resets }: { text: string; resets?: string | null }) {
  return (
    <span className="flex flex-wrap items-baseline gap-x-2">
      {text}
      {resets && (
        <span className="text-quiet text-xs">
          renewed <Time at={resets} />
        </span>
      )}
    </span>
  );
}

function TokenLife({ of: { expires_at, kind } }: { of: Connection }) {
  if (kind === "app") return "made when it is needed, for an hour, and never stored";
  if (!expires_at) return "does not run out";
  return (
    <>
      runs out <Time at={expires_at} className="text-ink! text-sm!" />
      {kind === "oauth" && "; it is replaced at half of its life"}
    </>
  );
}

function Actions({ it }: { it: Connection }) {
  const can = useCan();
  const tool = providerName(it.provider);
  const check = useCheck(it.id);
  const isOpen = it.status !== "closed" && it.status !== "closing";
  const isOffered = can.configure && isOpen;
  const isWaiting = isRequest(it);
  const checkNow = () =>
    check.mutate(undefined, {
      onSuccess: (checked) => {
        const { isGood, text } = checkInWords(it, checked, tool);
        if (isGood) done(text);
        else notDone("The check failed", new Error(text));
      },
      onError: (error) => notDone("It was not checked", error),
    });
  usePageActions(isOffered && !isWaiting ? [{ title: "Check now", icon: <RefreshCw />, run: checkNow }] : []);
  if (!isOffered) return null;
  return (
    <>
      <Disconnect it={it} />
      {!isWaiting && (
        <Button busy={check.isPending} onClick={checkNow}>
          <RefreshCw aria-hidden className="size-4" />
          Check now
        </Button>
      )}
    </>
  );
}
