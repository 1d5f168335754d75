// Waits for the first delivery of a source, and turns green by itself when it arrives.

import { CircleCheck, CircleDashed } from "lucide-react";

import { Status } from "../../components/ui/badge";
import { Go } from "../../components/ui/go";
import { Failure } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { total, useMetrics } from "../../lib/metrics";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { type Source, useLatestWebhooks } from "../../lib/sources";
import { healthOf } from "./sources";

export function FirstDelivery({ source }: { source: Source }) {
  const deliveries = useLatestWebhooks(source.id, 3_000);
  const { last, all } = healthOf(source.id, deliveries.data ?? []);
  const first = all.at(-1);
  if (deliveries.isError) return <Failure error={deliveries.error} />;
  return (
    <div
      role="status"
      className={`flex min-h-16 items-start gap-3 rounded-md px-3 py-2.5 ${last ? "bg-good-tint" : "bg-sunken"}`}
    >
      {last ? (
        <CircleCheck aria-hidden className="text-good mt-0.5 size-5 shrink-0" />
      ) : (
        <CircleDashed
          aria-hidden
          className="text-quiet mt-0.5 size-5 shrink-0 animate-spin [animation-duration:4s] motion-reduce:animate-none"
        />
      )}
      {last && first ? (
        <div>
          <p className="text-good font-medium">Connected: a delivery arrived, and its signature is right</p>
          <p className="mt-0.5 flex flex-wrap items-center gap-2">
            <Go to={paths.deliveries} search={{ open: first.id }} className="text-bronze hover:underline">
              {first.event}
            </Go>
            <Status word={first.status} />
            <Time at={first.received_at} />
          </p>
        </div>
      ) : (
        <div>
          <p className="font-medium">Waiting for the first delivery</p>
          <p className="text-quiet">
            This turns green by itself. <Refused provider={source.provider} />
          </p>
        </div>
      )}
    </div>
  );
}

/** Refused deliveries are not kept; the server counts them by provider. */
function Refused({ provider }: { provider: string }) {
  const { data: metrics } = useMetrics(5_000);
  const refused = metrics
    ? total(
        metrics,
        "campanile_deliveries_total",
        ({ provider: of, result }) => of === provider && result === "INVALID_SIGNATURE",
      )
    : undefined;
  return refused ? (
    <span className="text-bad">
      {refused} {refused === 1 ? "delivery" : "deliveries"} of {providerName(provider)} had a wrong signature since the
      server started: compare the secret.
    </span>
  ) : (
    <>If nothing comes, look at what {providerName(provider)} was answered: 401 means that the secret differs.</>
  );
}
