// The member's feed as a page of its own.

import { useEffect } from "react";
import { useCounts, useMark, type View } from "../../components/feed/feed";
import { FeedList } from "../../components/feed/feed-list";
import { type Filter, FilterBar } from "../../components/ui/filter-bar";
import { Page, Skeleton } from "../../components/ui/page";
import { Keys } from "../../components/ui/tip";
import { useSession } from "../../lib/api";
import { useUrl } from "../../lib/url";
import { useWorkflowNames } from "../../lib/workflow-names";
import { useTenants } from "./parts/recipient";

const VIEWS: View[] = ["all", "unread", "archived"];

export function InboxPage() {
  const session = useSession();
  const member = session.data?.member.id;
  return (
    <Page title="Inbox" lead="What you were told in the app. What is archived can be found again.">
      {member ? <Inbox member={member} /> : <Skeleton lines={6} />}
    </Page>
  );
}

function Inbox({ member }: { member: string }) {
  const url = useUrl();
  const names = useWorkflowNames();
  const tenants = useTenants();
  const counts = useCounts(member, true);
  const mark = useMark();
  const unseen = counts.data?.unseen_count ?? 0;
  const { mutate } = mark;
  // Opening the inbox marks its items as seen.
  useEffect(() => {
    if (unseen > 0) mutate({ mark: "seen", ids: "all" });
  }, [unseen, mutate]);
  const filters: Filter[] = [
    {
      key: "workflow",
      title: "Workflow",
      kind: "choice",
      options: Object.entries(names).map(([value, title]) => ({ value, title })),
    },
    {
      key: "tenant",
      title: "Tenant",
      kind: "choice",
      options: (tenants.data?.entries ?? []).map(({ id, name }) => ({ value: id, title: name ?? id })),
    },
  ];
  const view = VIEWS.find((one) => one === url.get("view")) ?? "all";
  return (
    <div className="max-w-3xl">
      <div className="-mx-4 sm:-mx-6">
        <FilterBar name="inbox" filters={filters} />
      </div>
      <section aria-label="Inbox" className="border-line bg-raised flex min-w-0 flex-col rounded-lg border">
        <FeedList
          member={member}
          view={view}
          onView={(next) => url.set({ view: next === "all" ? undefined : next })}
          narrowed={{ workflow: url.get("workflow"), tenant: url.get("tenant") }}
          heading="h2"
          isPage
        />
      </section>
      <p className="text-quiet mt-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs max-sm:hidden">
        <span className="flex items-center gap-1.5">
          <Keys keys="j" />
          <Keys keys="k" /> next and before
        </span>
        <span className="flex items-center gap-1.5">
          <Keys keys="e" /> archive
        </span>
        <span className="flex items-center gap-1.5">
          <Keys keys="u" /> unread or read
        </span>
      </p>
    </div>
  );
}
