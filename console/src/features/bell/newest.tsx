// The newest notifications, below the bell. Who opens the list has seen what is in it.

import { Popover } from "radix-ui";
import { type ReactNode, useEffect, useState } from "react";
import { useMark, type View } from "../../components/feed/feed";
import { FeedList } from "../../components/feed/feed-list";
import { Go } from "../../components/ui/go";
import { paths } from "../../lib/paths";

export function Newest({ trigger, member, unseen }: { trigger: ReactNode; member: string; unseen: number }) {
  const [isOpen, setOpen] = useState(true);
  const [view, setView] = useState<View>("all");
  const { mutate: mark } = useMark();
  const hasUnseen = unseen > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what comes while the list is open is not seen by that
  useEffect(() => {
    if (isOpen && hasUnseen) mark({ mark: "seen", ids: "all" });
  }, [isOpen]);
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          aria-label="Notifications"
          className="border-line bg-raised text-ink shadow-over appears z-30 flex max-h-[70vh] w-104 max-w-[calc(100vw-1rem)] flex-col rounded-lg border"
        >
          <h2 className="flex items-baseline gap-3 px-4 pt-2.5 font-semibold">
            <span className="flex-1">Notifications</span>
            <Go
              to={paths.preferences}
              onClick={() => setOpen(false)}
              className="text-quiet hover:text-ink text-xs font-normal hover:underline"
            >
              Preferences
            </Go>
            <Go
              to={paths.inbox}
              onClick={() => setOpen(false)}
              className="text-bronze text-xs font-normal hover:underline"
            >
              Show all
            </Go>
          </h2>
          <FeedList member={member} view={view} onView={setView} heading="h3" onFollow={() => setOpen(false)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
