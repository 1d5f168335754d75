// One channel: its settings, a test, and the messages that went through it.

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { Status } from "../../../components/ui/badge";
import { EmptyState, Failure, Page, Panel, Skeleton } from "../../../components/ui/page";
import { type Tab, Tabs } from "../../../components/ui/tabs";
import { api, data } from "../../../lib/api";
import { providerOf, stateOf } from "../../../lib/channel-providers";
import type { Channel } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { MessagesTable } from "../messages/messages-list";
import { ChannelSettings } from "./channel-settings";
import { SlackConnection } from "./slack-connection";
import { Suppressions } from "./suppressions";
import { TrialForm } from "./trial";

export function ChannelPage() {
  const { key } = useParams({ strict: false }) as { key: string };
  const channel = useQuery({
    queryKey: ["channel", key],
    queryFn: () => data(api.GET("/v1/channels/{key}", { params: { path: { key } } })),
  });
  const it = channel.data;
  return (
    <Page
      title={it?.name ?? key}
      lead={it && providerOf(it.provider)?.about}
      crumbs={[{ title: "Channels", to: paths.channels }]}
      badges={it && <Status word={stateOf(it)} />}
    >
      {channel.isPending && <Skeleton lines={8} />}
      {channel.isError && <Failure error={channel.error} onRetry={() => void channel.refetch()} />}
      {it && <Tabs label="Parts of the channel" tabs={tabsOf(it)} />}
    </Page>
  );
}

function tabsOf(channel: Channel): Tab[] {
  const carries = channel.type !== "in_app_feed" && channel.type !== "in_app_guide";
  const isSlack = channel.key === "slack" && channel.provider === "chat_slack";
  return [
    { key: "settings", title: "Settings", content: <ChannelSettings channel={channel} /> },
    ...(isSlack ? [{ key: "connection", title: "Connection", content: <SlackConnection channel={channel} /> }] : []),
    ...(carries
      ? [
          {
            key: "test",
            title: "Test",
            content: (
              <Panel title="Test message" className="max-w-xl">
                <TrialForm channel={channel} />
              </Panel>
            ),
          },
        ]
      : []),
    { key: "messages", title: "Messages", content: <Log channel={channel} /> },
    ...(channel.type === "email" ? [{ key: "suppressions", title: "Suppressions", content: <Suppressions /> }] : []),
  ];
}

function Log({ channel }: { channel: Channel }) {
  return (
    <div className="border-line flex h-[calc(100dvh-18rem)] min-h-80 flex-col overflow-hidden rounded-lg border">
      <MessagesTable
        name="messages-of-channel"
        filter={{ channel: channel.id }}
        without={["channel"]}
        empty={
          <EmptyState title="No messages yet">
            Messages to you and to objects that go through this channel are listed here.
          </EmptyState>
        }
      />
    </div>
  );
}
