// One delivery: how it was verified, what became of it and why, its headers and its body.

import { useQuery } from "@tanstack/react-query";
import { RotateCw, ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";

import { Code, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { DetailPanel } from "../../components/ui/detail-panel";
import { Go } from "../../components/ui/go";
import { JsonViewer } from "../../components/ui/json-viewer";
import { Facts, Failure, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { api, data, type Schemas } from "../../lib/api";
import { exactly } from "../../lib/format";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useCan } from "../../lib/role";
import { type Source, sourceTitle } from "../../lib/sources";
import { canProcess, useProcessAgain } from "./again";
import { signatureOf } from "./signature";

type Detail = Schemas["DeliveryDetail"];

export function DeliveryPanel({ id, sources }: { id: string; sources: Source[] }) {
  const can = useCan();
  const again = useProcessAgain();
  const delivery = useQuery({
    queryKey: ["delivery", "one", id],
    queryFn: () => data(api.GET("/api/deliveries/{id}", { params: { path: { id } } })),
  });
  if (!delivery.data) {
    return (
      <DetailPanel title="Delivery">
        {delivery.isPending ? (
          <Skeleton lines={6} />
        ) : (
          <Failure error={delivery.error} onRetry={() => void delivery.refetch()} />
        )}
      </DetailPanel>
    );
  }
  const it = delivery.data;
  return (
    <DetailPanel
      title={it.event}
      badges={<Status word={it.status} />}
      actions={
        can.configure &&
        canProcess(it) && (
          <Button size="sm" busy={again.isPending} onClick={() => again.mutate([id])}>
            <RotateCw aria-hidden className="size-3.5" />
            Process again
          </Button>
        )
      }
    >
      {it.reason && (
        <p
          className={`border-line border-b px-4 py-3 ${it.status === "failed" ? "bg-bad-tint text-bad" : "bg-sunken"}`}
        >
          {sentence(it.reason)}
        </p>
      )}
      <AboutDelivery it={it} source={sources.find((source) => source.id === it.source_id)} />
      <div className="grid gap-4 px-4 pb-6">
        <Part title="Body">
          <JsonViewer label="Body" value={payloadOf(it)} />
        </Part>
        <Part title="Headers">
          <JsonViewer label="Headers" value={it.headers} maxHeight={320} />
        </Part>
      </div>
    </DetailPanel>
  );
}

function AboutDelivery({ it, source }: { it: Detail; source?: Source }) {
  const signature = signatureOf(it.provider, it.headers);
  return (
    <Facts
      of={[
        [
          "Source",
          source ? (
            <Go key="source" to={paths.source(source.id)} className="text-bronze hover:underline">
              {sourceTitle(source)}
            </Go>
          ) : (
            `${providerName(it.provider)}, removed`
          ),
        ],
        [
          "Verified",
          <span key="verified" className="text-good inline-flex items-center gap-1.5">
            <ShieldCheck aria-hidden className="size-4" />
            {signature ? `by its header ${signature}` : "by its secret token"}
          </span>,
        ],
        [
          "Received",
          <span key="received">
            {exactly(it.received_at)} <Time at={it.received_at} />
          </span>,
        ],
        ...(it.settled_at
          ? [["Ended", <span key="settled">{exactly(it.settled_at)}</span>] as [string, ReactNode]]
          : []),
        ["Provider's id", <Code key="delivery">{it.delivery_id}</Code>],
        [
          "Id",
          <span key="id" className="flex items-center gap-1">
            <Code>{it.id}</Code>
            <CopyButton iconOnly text={it.id} label="Copy the id" />
          </span>,
        ],
        [
          "Observations",
          <Go
            key="observations"
            to={paths.observations}
            search={{ source: it.provider }}
            className="text-bronze hover:underline"
          >
            All of {providerName(it.provider)}
          </Go>,
        ],
      ]}
    />
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-2 font-semibold">{title}</h3>
      {children}
    </section>
  );
}

/** GitHub can also send its JSON as the field `payload` of a form. */
function payloadOf({ headers, body }: Detail): string {
  const isForm = String((headers as Record<string, unknown>)["content-type"] ?? "").startsWith(
    "application/x-www-form-urlencoded",
  );
  return isForm ? (new URLSearchParams(body).get("payload") ?? body) : body;
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
