// The bell: how many notifications are new. The newest of them are loaded when it is pressed.

import { Bell as BellIcon } from "lucide-react";
import { useCounts } from "../../components/feed/feed";
import { IconButton } from "../../components/ui/button";
import { OnDemand } from "../../components/ui/on-demand";
import { lazily } from "../../lib/lazily";

export const Newest = lazily(() => import("./newest"), "Newest");

export function Bell({ member, ready }: { member: string; ready: boolean }) {
  const { data: counts } = useCounts(member, ready);
  const unread = counts?.unread_count ?? 0;
  const unseen = counts?.unseen_count ?? 0;
  return (
    <OnDemand
      opens="dialog"
      load={Newest.preload}
      trigger={
        <IconButton label={`Notifications, ${unread} unread`} className="relative">
          <BellIcon className="size-4" />
          {unseen > 0 && (
            <span
              data-testid="unread"
              className="bg-bronze text-on-bronze ring-ground absolute -top-0.5 left-4.5 min-w-4 rounded-full px-1 text-center text-[10px] leading-4 font-semibold tabular-nums ring-2"
            >
              {unseen > 99 ? "99+" : unseen}
            </span>
          )}
        </IconButton>
      }
    >
      {(trigger) => <Newest trigger={trigger} member={member} unseen={unseen} />}
    </OnDemand>
  );
}
