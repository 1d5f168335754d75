// The member's feed as a page of its own.

import { Skeleton } from "../../components/ui";
import { useSession } from "../../lib/api";
import { FeedList } from "../bell/feed-list";
import { Frame } from "./frame";

export function InboxPage() {
  const session = useSession();
  return (
    <Frame title="Inbox" lead="Everything that you were told in the app. What is archived stays to be found.">
      <section aria-label="Inbox" className="border-line bg-raised flex max-w-3xl min-w-0 flex-col rounded-lg border">
        {session.data ? <FeedList member={session.data.member.id} /> : <Skeleton />}
      </section>
    </Frame>
  );
}
