// Deliveries in and messages out, by the hour, of a day or a week.

import { TimeChart } from "../../components/ui/chart";
import { Failure, Panel, Skeleton } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { useUrl } from "../../lib/url";
import { added, lastHours, summed, valuesOf } from "./hours";
import { useStatistics, type Window } from "./reading";

const SHAPES: Record<Window, { hours: number; by: number }> = {
  "24h": { hours: 24, by: 1 },
  "7d": { hours: 168, by: 6 },
};

export function Charts() {
  const url = useUrl();
  const window: Window = url.get("window") === "7d" ? "7d" : "24h";
  const choice = (
    <Segments
      label="Period"
      value={window}
      options={[
        ["24h", "24 hours"],
        ["7d", "7 days"],
      ]}
      onChange={(next) => url.set({ window: next === "24h" ? undefined : next }, { replace: true })}
    />
  );
  return (
    <Panel title="Traffic" note="of the whole organisation" actions={choice}>
      <div className="grid gap-x-8 gap-y-4 p-4 lg:grid-cols-2">
        <Incoming window={window} />
        <Outgoing window={window} />
      </div>
    </Panel>
  );
}

function Incoming({ window }: { window: Window }) {
  const deliveries = useStatistics("inbound.process", window);
  if (deliveries.isPending) return <Skeleton lines={5} />;
  if (deliveries.isError) return <Failure error={deliveries.error} onRetry={() => void deliveries.refetch()} />;
  const { hours, by } = SHAPES[window];
  const times = lastHours(hours, Date.now());
  const values = (value: "queued" | "failed") =>
    summed(
      times,
      valuesOf(deliveries.data.hours, times, (hour) => hour[value]),
      by,
    );
  const received = values("queued");
  return (
    <TimeChart
      label="Deliveries"
      times={received.times}
      kind="bars"
      height={150}
      series={[
        { name: "Deliveries received", values: received.values, tone: "bronze" },
        { name: "Jobs given up", values: values("failed").values, tone: "bad" },
      ]}
    />
  );
}

function Outgoing({ window }: { window: Window }) {
  const first = useStatistics("webhooks.deliver", window);
  const again = useStatistics("webhooks.deliver_again", window);
  const notifications = useStatistics("notify.deliver", window);
  const all = [first, again, notifications];
  const failed = all.find(({ isError }) => isError);
  if (failed) return <Failure error={failed.error} onRetry={() => void failed.refetch()} />;
  if (!first.data || !again.data || !notifications.data) return <Skeleton lines={5} />;
  const { hours, by } = SHAPES[window];
  const times = lastHours(hours, Date.now());
  const webhooks = added(
    [first.data, again.data].map(({ hours }) => valuesOf(hours, times, ({ completed }) => completed)),
  );
  const attempts = summed(times, webhooks, by);
  const sent = summed(
    times,
    valuesOf(notifications.data.hours, times, ({ completed }) => completed),
    by,
  );
  return (
    <TimeChart
      label="Sent"
      times={attempts.times}
      kind="lines"
      height={150}
      series={[
        { name: "Webhook jobs done", values: attempts.values, tone: "info" },
        { name: "Notification jobs done", values: sent.values, tone: "good" },
      ]}
    />
  );
}
