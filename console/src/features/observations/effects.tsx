// The effects of an observation: the webhook messages with their way through the endpoints, the notifications, and their runs.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Detail } from "../../components/observation/parts";
import { Badge, Status } from "../../components/ui/badge";
import { Go } from "../../components/ui/go";
import { Empty, Failure, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { api, data, type Observation, type Schemas, useSession } from "../../lib/api";
import { asObject, asText } from "../../lib/json";
import { CHANNEL_NAMES } from "../../lib/knock";
import { paths } from "../../lib/paths";
import { useWorkflowNames } from "../../lib/workflow-names";

export function Effects({ it, threshold }: { it: Detail; threshold: number }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="Notifications" note="to you">
        <Notifications it={it} threshold={threshold} />
      </Panel>
      <Panel title="Webhook messages">
        <Webhooks it={it} />
      </Panel>
      <Panel title="Delivery" note="what it was read from">
        <CameBy it={it} />
      </Panel>
    </div>
  );
}

function Row({
  to,
  search,
  title,
  side,
  note,
}: {
  to: string;
  search?: Record<string, string>;
  title: ReactNode;
  side: ReactNode;
  note?: ReactNode;
}) {
  return (
    <li>
      <Go to={to} search={search} className="focus-inside hover:bg-sunken block px-4 py-2.5">
        <span className="flex items-center gap-2">
          <span className="min-w-0 flex-1 truncate">{title}</span>
          {side}
        </span>
        {note && <span className="text-quiet mt-0.5 block text-xs">{note}</span>}
      </Go>
    </li>
  );
}

/** The trigger's data name the observation; the API lists a member's own messages only. */
function Notifications({ it, threshold }: { it: Observation; threshold: number }) {
  const session = useSession();
  const names = useWorkflowNames();
  const messages = useQuery({
    queryKey: ["notification", "of", it.id],
    queryFn: () =>
      data(
        api.GET("/v1/messages", {
          params: { query: { trigger_data: JSON.stringify({ observationId: it.id }), page_size: 50 } },
        }),
      ),
  });
  if (messages.isPending) return <Skeleton />;
  if (messages.isError) return <Failure error={messages.error} onRetry={() => void messages.refetch()} />;
  if (messages.data.items.length === 0)
    return (
      <Empty>
        {it.significance < threshold
          ? `Nobody was notified: its significance is ${it.significance}, and people are notified from ${threshold} on.`
          : "No notification of it was sent to you. The messages of other people are theirs alone to read."}
      </Empty>
    );
  const runs = new Set(messages.data.items.flatMap(({ source }) => source.workflow_recipient_run_id ?? []));
  return (
    <>
      <ol className="divide-line divide-y">
        {messages.data.items.map(({ id, channel, workflow, status, inserted_at }) => (
          <Row
            key={id}
            to={paths.message(id)}
            title={CHANNEL_NAMES[channel?.type ?? ""] ?? channel?.name ?? "Message"}
            side={
              <>
                <Status word={status} />
                <Time at={inserted_at} />
              </>
            }
            note={`Workflow ${names[workflow] ?? workflow}, to ${session.data?.member.email}`}
          />
        ))}
      </ol>
      {runs.size > 0 && (
        <p className="border-line flex flex-wrap gap-x-3 border-t px-4 py-2.5 text-xs">
          {[...runs].map((run, at) => (
            <Go key={run} to={paths.notifyRun(run)} className="text-bronze hover:underline">
              {runs.size === 1 ? "The run that sent it, step by step" : `Run ${at + 1}`}
            </Go>
          ))}
        </p>
      )}
    </>
  );
}

/** How long after an observation is stored its message may have been made: they are committed together. */
const WINDOW = 5_000;

function useMessagesOf(it: Observation) {
  return useQuery({
    queryKey: ["attempt", "of", it.id],
    queryFn: async () => {
      const captured = Date.parse(it.captured_at);
      const query = {
        event_types: ["observation.created"],
        after: new Date(captured - 1_000).toISOString(),
        before: new Date(captured + WINDOW).toISOString(),
        limit: 250,
      };
      const { data: messages } = await data(
        api.GET("/api/v1/app/{app}/msg", { params: { path: { app: it.workspace_id }, query } }),
      );
      const own = messages.filter(({ payload }) => asText(asObject(asObject(payload).data).observationId) === it.id);
      return Promise.all(
        own.map(async (message) => {
          const path = { app: it.workspace_id, message: message.id };
          return {
            message,
            endpoints: (await data(api.GET("/api/v1/app/{app}/msg/{message}/endpoint", { params: { path } }))).data,
          };
        }),
      );
    },
  });
}

function Webhooks({ it }: { it: Observation }) {
  const messages = useMessagesOf(it);
  if (messages.isPending) return <Skeleton />;
  if (messages.isError) return <Failure error={messages.error} onRetry={() => void messages.refetch()} />;
  if (messages.data.length === 0) return <Empty>No message of it is kept. Messages are removed after some time.</Empty>;
  return (
    <>
      {messages.data.map(({ message, endpoints }) => (
        <section key={message.id} aria-label={`Message ${message.id}`}>
          <p className="border-line flex items-center gap-2 border-b px-4 py-2.5">
            <Go
              to={paths.webhookMessage(it.workspace_id, message.id)}
              className="text-bronze min-w-0 flex-1 truncate hover:underline"
            >
              {message.eventType}
            </Go>
            <Time at={message.timestamp} />
          </p>
          {endpoints.length === 0 ? (
            <Empty>No endpoint wanted it.</Empty>
          ) : (
            <ol className="divide-line divide-y">
              {endpoints.map((endpoint) => (
                <Endpoint key={endpoint.id} app={it.workspace_id} endpoint={endpoint} />
              ))}
            </ol>
          )}
        </section>
      ))}
    </>
  );
}

function Endpoint({ app, endpoint }: { app: string; endpoint: Schemas["SvixMessageEndpoint"] }) {
  return (
    <Row
      to={paths.endpoint(app, endpoint.id)}
      title={endpoint.description || endpoint.url}
      side={<Status word={endpoint.statusText} />}
      note={
        <>
          {endpoint.description && <span className="block truncate">{endpoint.url}</span>}
          {endpoint.nextAttempt && (
            <>
              Next attempt <Time at={endpoint.nextAttempt} />
            </>
          )}
        </>
      }
    />
  );
}

/** The observation names its delivery by the provider's id. */
function CameBy({ it }: { it: Detail }) {
  const named = asText(it.metadata.deliveryId);
  const deliveries = useQuery({
    queryKey: ["one-delivery", "of", it.id],
    enabled: named !== undefined,
    queryFn: async () => {
      const query = { workspace: it.workspace_id, delivery_id: named };
      const { data: found, next } = await data(api.GET("/api/deliveries", { params: { query } }));
      return { delivery: found.find(({ provider }) => provider === it.provider), isOlder: next !== null };
    },
  });
  if (!named) return <Empty>The observation does not name its delivery.</Empty>;
  if (deliveries.isPending) return <Skeleton lines={1} />;
  if (deliveries.isError) return <Failure error={deliveries.error} onRetry={() => void deliveries.refetch()} />;
  const { delivery, isOlder } = deliveries.data;
  if (!delivery)
    return (
      <Empty>
        Its delivery <Badge>{named}</Badge> {isOlder ? "is not among the latest ones" : "is not kept any more"}.
      </Empty>
    );
  return (
    <ol>
      <Row
        to={paths.deliveries}
        search={{ open: delivery.id }}
        title={`${delivery.event} ${delivery.delivery_id}`}
        side={
          <>
            <Status word={delivery.status} />
            <Time at={delivery.received_at} />
          </>
        }
      />
    </ol>
  );
}
