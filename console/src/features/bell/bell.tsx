// The bell: how many notifications are unread, and the newest of them.

import { Link } from "@tanstack/react-router";
import { Bell as BellIcon } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";

import { Button } from "../../components/ui";
import { useCounts, useMark } from "./feed";
import { FeedList } from "./feed-list";

export function Bell({ member, ready }: { member: string; ready: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const { data: counts } = useCounts(member, ready);
  const mark = useMark();
  const unread = counts?.unread_count ?? 0;
  const turn = (opens: boolean) => {
    setOpen(opens);
    // Who opens the list has seen what is in it.
    if (opens && counts?.unseen_count) mark.mutate({ mark: "seen", ids: "all" });
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={turn}>
      <Popover.Trigger asChild>
        <Button kind="icon" aria-label={`Notifications, ${unread} unread`} className="relative">
          <BellIcon className="size-4" />
          {unread > 0 && (
            <span data-testid="unread" className="bg-bronze text-on-bronze absolute -top-0.5 -right-0.5 min-w-4.5 rounded-full px-1 text-center text-[11px] leading-4.5 font-semibold tabular-nums">
              {unread > 99 ? "99+" : unread}
            </span>
          )}
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content align="end" sideOffset={6} collisionPadding={8} className="border-line bg-raised text-ink z-20 flex max-h-[70vh] w-104 max-w-[calc(100vw-1rem)] flex-col rounded-lg border shadow-lg">
          <h2 className="flex items-baseline px-4 pt-2.5 font-semibold">
            <span className="flex-1">Notifications</span>
            <Link to="/notifications/inbox" onClick={() => setOpen(false)} className="text-bronze text-sm font-normal hover:underline">Show all</Link>
          </h2>
          <FeedList member={member} onFollow={() => setOpen(false)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
