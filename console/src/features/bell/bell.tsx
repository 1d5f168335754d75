// The bell: how many notifications are unread, and the newest of them.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Bell as BellIcon } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";

import { Button, Empty, Time } from "../../components/ui";
import { knock } from "../../lib/knock";

const FEED = "in-app";

type Item = {
  id: string;
  inserted_at: string;
  read_at: string | null;
  data: { title?: string; observationId?: string; significance?: number };
};
type Feed = { entries: Item[]; meta: { unread_count: number; unseen_count: number } };

export function Bell({ member }: { member: string }) {
  const [open, setOpen] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const feed = useQuery({
    queryKey: ["notification", "feed", member],
    queryFn: () => knock<Feed>(`/users/${member}/feeds/${FEED}?page_size=20`),
  });
  const again = { onSuccess: () => queries.invalidateQueries({ queryKey: ["notification", "feed"] }) };
  const readAll = useMutation({ mutationFn: () => knock(`/channels/${FEED}/messages/bulk/read`, "POST", {}), ...again });
  const read = useMutation({
    mutationFn: (id: string) => knock("/messages/batch/interacted", "POST", { message_ids: [id] }),
    ...again,
  });
  const follow = async (item: Item) => {
    read.mutate(item.id);
    setOpen(false);
    if (item.data.observationId) await navigate({ to: "/observations/$id", params: { id: item.data.observationId } });
  };

  const unread = feed.data?.meta.unread_count ?? 0;
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
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
        <Popover.Content align="end" sideOffset={6} collisionPadding={8} className="border-line bg-raised text-ink z-20 flex max-h-[70vh] w-96 max-w-[calc(100vw-1rem)] flex-col rounded-lg border shadow-lg">
          <div className="border-line flex items-center border-b px-4 py-2.5">
            <h2 className="flex-1 font-semibold">Notifications</h2>
            <Button kind="plain" disabled={unread === 0} onClick={() => readAll.mutate()}>Mark all as read</Button>
          </div>
          {feed.data?.entries.length ? (
            <ol className="divide-line divide-y overflow-y-auto">
              {feed.data.entries.map((item) => (
                <li key={item.id}>
                  <button type="button" onClick={() => void follow(item)} className="hover:bg-ground flex w-full cursor-pointer gap-2.5 px-4 py-3 text-left">
                    <span aria-hidden className={`mt-1.5 size-2 shrink-0 rounded-full ${item.read_at ? "bg-line" : "bg-bronze"}`} />
                    <span className="min-w-0">
                      <span className={item.read_at ? "block" : "block font-medium"}>{item.data.title}</span>
                      <Time at={item.inserted_at} />
                    </span>
                  </button>
                </li>
              ))}
            </ol>
          ) : (
            <Empty>Nothing yet. You are told of what scores 70 or more.</Empty>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
