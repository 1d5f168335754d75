// A message as a page of its own.

import { useParams } from "@tanstack/react-router";

import { Page } from "../../../components/ui/page";
import { paths } from "../../../lib/paths";
import { MessageDetail, Retry, useMessageHead } from "./message-detail";

export function MessagePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { title, badges } = useMessageHead(id);
  return (
    <Page
      title={title}
      badges={badges}
      crumbs={[{ title: "Messages", to: paths.messages }]}
      actions={<Retry id={id} />}
    >
      <section aria-label="Message" className="border-line bg-raised max-w-4xl rounded-lg border">
        <MessageDetail id={id} />
      </section>
    </Page>
  );
}
