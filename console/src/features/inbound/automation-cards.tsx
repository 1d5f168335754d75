// The ways of other systems: webhooks that go out, and keys with which programs ask.

import { useQuery } from "@tanstack/react-query";
import { KeyRound, Webhook } from "lucide-react";

import { Status } from "../../components/ui/badge";
import { api, data } from "../../lib/api";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { useWorkspaceId } from "../../lib/url";
import { type Amount, amountInWords } from "./amounts";
import { IntegrationCard } from "./integration-card";

/** So many of a kind are counted. */
const PAGE = 250;

const amountOf = ({ data, done }: { data: unknown[]; done: boolean }): Amount => ({
  count: data.length,
  isMore: !done,
});

export function AutomationCards() {
  return (
    <ul aria-label="Automation" className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
      <WebhooksCard />
      <KeysCard />
    </ul>
  );
}

function WebhooksCard() {
  const app = useWorkspaceId();
  const endpoints = useQuery({
    queryKey: ["endpoint-count", app],
    queryFn: async () =>
      amountOf(
        await data(api.GET("/api/v1/app/{app}/endpoint", { params: { path: { app }, query: { limit: PAGE } } })),
      ),
  });
  const applications = useQuery({
    queryKey: ["application-count"],
    queryFn: async () => amountOf(await data(api.GET("/api/v1/app", { params: { query: { limit: PAGE } } }))),
  });
  const counts = [
    endpoints.data && `${amountInWords(endpoints.data, "endpoint")} in this workspace`,
    applications.data && `${amountInWords(applications.data, "application")} in all`,
  ];
  const hasEndpoint = endpoints.data && endpoints.data.count > 0;
  return (
    <IntegrationCard
      to={paths.applications}
      icon={<Webhook />}
      title="Webhooks"
      badge={endpoints.data && <Status word={hasEndpoint ? "active" : "not set up"} />}
    >
      Signed requests to endpoints of yours.
      <span className="block first-letter:uppercase">{counts.filter(Boolean).join("; ")}</span>
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
