// The log of messages: what was sent to whom, over which channel, and what became of it.

import { useQuery } from "@tanstack/react-query";
import { MessageSquareText } from "lucide-react";

import { DetailPanel, WithPanel } from "../../../components/ui/detail-panel";
import { type Filter, FilterBar, useFilters } from "../../../components/ui/filter-bar";
import { EmptyState, Page } from "../../../components/ui/page";
import { Snippet } from "../../../components/ui/snippet";
import { api, data } from "../../../lib/api";
import { paths } from "../../../lib/paths";
import { useWorkflowNames } from "../../../lib/workflow-names";
import { triggerSnippets } from "../parts/snippets";
import { MessageDetail, Retry, useMessageHead } from "./message-detail";
import { ENGAGEMENTS, MessagesTable, STATUSES } from "./messages-list";

const choice = (values: readonly string[]) => values.map((value) => ({ value, title: value.replaceAll("_", " ") }));

export const useChannels = () =>
  useQuery({
    queryKey: ["channels"],
    queryFn: () => data(api.GET("/v1/channels", { params: { query: { page_size: 50 } } })),
  });

export function MessagesPage() {
  const names = useWorkflowNames();
  const channels = useChannels();
  const filters: Filter[] = [
    { key: "status", title: "Status", kind: "choice", options: choice(STATUSES) },
    { key: "engagement", title: "Engagement", kind: "choice", options: choice(ENGAGEMENTS) },
    {
      key: "channel",
      title: "Channel",
      kind: "choice",
      options: channels.data?.entries.map(({ id, name }) => ({ value: id, title: name })) ?? [],
    },
    {
      key: "workflow",
      title: "Workflow",
      kind: "choice",
      options: Object.entries(names).map(([value, title]) => ({ value, title })),
    },
    { key: "tenant", title: "Tenant", kind: "text", placeholder: "acme" },
    { key: "data", title: "Trigger data", kind: "text", placeholder: "page:Bells" },
    { key: "run", title: "Recipient run", kind: "text", placeholder: "Id of the run" },
    { key: "after", title: "After", kind: "time" },
    { key: "before", title: "Before", kind: "time" },
  ];
  const { set, isFiltered } = useFilters(filters);
  return (
    <Page
      title="Messages"
      lead="What was sent, to whom, and what became of it. Messages to other members are theirs alone."
      fills
    >
      <FilterBar name="messages" filters={filters} />
      <WithPanel panel={(id) => <MessagePanel id={id} />}>
        <MessagesTable
          name="messages"
          filter={set}
          isFiltered={isFiltered}
          panel
          empty={
            <EmptyState icon={<MessageSquareText />} title="No messages yet">
              Trigger a workflow, and what it sends is seen here.
              <Snippet label="Trigger a workflow" tabs={triggerSnippets()} />
            </EmptyState>
          }
        />
      </WithPanel>
    </Page>
  );
}

function MessagePanel({ id }: { id: string }) {
  const { title, badges } = useMessageHead(id);
  return (
    <DetailPanel title={title} badges={badges} actions={<Retry id={id} />} page={paths.message(id)}>
      <MessageDetail id={id} />
    </DetailPanel>
  );
}
