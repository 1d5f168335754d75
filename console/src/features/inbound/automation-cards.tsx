// The ways of other systems: webhooks that go out, Zaps, and keys with which programs ask.

import { useQuery } from "@tanstack/react-query";
import { KeyRound, Webhook, Zap } from "lucide-react";

import { Status } from "../../components/ui/badge";
import { api, data } from "../../lib/api";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { useWorkspaceId } from "../../lib/url";
import { type Amount, amountInWords } from "./amounts";
import { IntegrationCard } from "./integration-card";

/** So many of a kind are counted. */
const PAGE = 250;
/** The mark in the metadata of an endpoint that belongs to a Zap. */
const ZAPIER = "zapier";

const amountOf = ({ data, done }: { data: unknown[]; done: boolean }): Amount => ({
  count: data.length,
  isMore: !done,
});

export function AutomationCards() {
  return (
    <ul aria-label="Automation" className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
      <WebhooksCard />
      <ZapierCard />
      <KeysCard />
    </ul>
  );
}

/** The endpoints of the workspace's application, as far as they are counted. */
function useEndpoints() {
  const app = useWorkspaceId();
  return useQuery({
    queryKey: ["endpoint-count", app],
    queryFn: () => data(api.GET("/api/v1/app/{app}/endpoint", { params: { path: { app }, query: { limit: PAGE } } })),
  });
}

function WebhooksCard() {
  const endpoints = useEndpoints().data;
  const applications = useQuery({
    queryKey: ["application-count"],
    queryFn: async () => amountOf(await data(api.GET("/api/v1/app", { params: { query: { limit: PAGE } } }))),
  });
  const counts = [
    endpoints && `${amountInWords(amountOf(endpoints), "endpoint")} in this workspace`,
    applications.data && `${amountInWords(applications.data, "application")} in all`,
  ];
  return (
    <IntegrationCard
      to={paths.applications}
      icon={<Webhook />}
      title="Webhooks"
      badge={endpoints && <Status word={endpoints.data.length > 0 ? "active" : "not set up"} />}
    >
      Signed requests to endpoints of yours.
      <span className="block first-letter:uppercase">{counts.filter(Boolean).join("; ")}</span>
    </IntegrationCard>
  );
}

/** A Zap that is switched on has an endpoint of its own. */
function ZapierCard() {
  const endpoints = useEndpoints().data;
  const listening = endpoints?.data.filter(({ metadata, disabled }) => metadata.via === ZAPIER && !disabled) ?? [];
  return (
    <IntegrationCard
      to={paths.doc("zapier")}
      icon={<Zap />}
      title="Zapier"
      badge={endpoints && <Status word={listening.length > 0 ? "active" : "not set up"} />}
    >
      Zaps begin when something happens here, and record, send and search.
      <span className="block first-letter:uppercase">
        {endpoints &&
          (listening.length > 0
            ? `${amountInWords({ count: listening.length }, "Zap")} in this workspace`
            : "How it is set up")}
      </span>
    </IntegrationCard>
  );
}

function KeysCard() {
  const can = useCan();
  const secret = useQuery({
    queryKey: ["key"],
    enabled: can.administer,
    queryFn: async () => (await data(api.GET("/api/keys"))).data,
  });
  const open = useQuery({
    queryKey: ["public-key"],
    queryFn: async () => (await data(api.GET("/api/public-keys"))).data,
  });
  const counts = [
    secret.data && amountInWords({ count: secret.data.length }, "secret key"),
    open.data && amountInWords({ count: open.data.length }, "public key"),
  ];
  return (
    <IntegrationCard to={paths.keys} icon={<KeyRound />} title="Keys">
      With these, programs speak to the APIs.
      <span className="block first-letter:uppercase">{counts.filter(Boolean).join(", ")}</span>
    </IntegrationCard>
  );
}
