// The channels that people are told through, each with whether it can send.

import { useQuery } from "@tanstack/react-query";
import { Bell, Mail, MessageSquare, Radio, Smartphone, Webhook } from "lucide-react";
import type { ReactNode } from "react";

import { Status } from "../../components/ui/badge";
import { Go } from "../../components/ui/go";
import { Failure, Skeleton } from "../../components/ui/page";
import { api, data } from "../../lib/api";
import { providerOf, stateOf, typeTitle } from "../../lib/channel-providers";
import type { Channel } from "../../lib/knock";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { IntegrationCard } from "./integration-card";

const ICONS: Record<string, ReactNode> = {
  in_app_feed: <Bell />,
  email: <Mail />,
  chat: <MessageSquare />,
  sms: <Smartphone />,
  push: <Smartphone />,
  http: <Webhook />,
};

export function ChannelCards() {
  const can = useCan();
  const channels = useQuery({
    queryKey: ["channels"],
    enabled: can.configure,
    queryFn: () => data(api.GET("/v1/channels", { params: { query: { page_size: 50 } } })),
  });
  if (!can.configure) return <p className="text-quiet">Managers and owners see and set up the channels.</p>;
  if (channels.isPending) return <Skeleton />;
  if (channels.isError) return <Failure error={channels.error} onRetry={() => void channels.refetch()} />;
  return (
    <div>
      <ul aria-label="Channels" className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {channels.data.entries.map((channel) => (
          <ChannelCard key={channel.key} channel={channel} />
        ))}
      </ul>
      <Go to={paths.channels} className="text-bronze mt-3 inline-block hover:underline">
        All channels, and more to add
      </Go>
    </div>
  );
}

function ChannelCard({ channel }: { channel: Channel }) {
  const provider = providerOf(channel.provider);
  return (
    <IntegrationCard
      to={paths.channel(channel.key)}
      icon={ICONS[channel.type] ?? <Radio />}
      title={channel.name}
      badge={<Status word={stateOf(channel)} />}
    >
      {provider ? provider.about : typeTitle(channel.type)}
    </IntegrationCard>
  );
}
