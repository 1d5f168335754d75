// Work in the background: how far it is, and how it ended.

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { Badge } from "../../components/ui/badge";
import { Failure } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { data } from "../../lib/api";
import type { Task } from "./client";
import { useRefresh, useWebhooks } from "./context";

const PACE = 700;

/** A task that was begun here. Holders of a portal's link cannot look at tasks: they are told that it goes on. */
export function TaskProgress({ task, what }: { task: Task; what: string }) {
  const { svix, host } = useWebhooks();
  const refresh = useRefresh();
  const query = useQuery({
    queryKey: ["webhooks-task", task.id],
    queryFn: () => data(svix.GET("/api/v1/background-task/{task}", { params: { path: { task: task.id } } })),
    initialData: task,
    enabled: host === "console",
    refetchInterval: ({ state }) => (state.data?.status === "running" ? PACE : false),
  });
  const { status, data: result, updatedAt } = query.data;
  const isOver = host === "console" && status !== "running";
  useEffect(() => {
    if (isOver) void refresh();
  }, [isOver, refresh]);
  if (host === "portal") {
    return (
      <p role="status" className="text-good text-xs">
        {what}: begun. The attempts appear as they are made.
      </p>
    );
  }
  const count = result.count ?? 0;
  return (
    <div role="status" className="border-line bg-sunken grid gap-2 rounded-md border px-3 py-2">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone={status === "failed" ? "bad" : status === "finished" ? "good" : "info"}>{status}</Badge>
        <span className="font-medium">{what}</span>
        <span className="text-quiet tabular-nums">
          {count.toLocaleString("en")} {count === 1 ? "message" : "messages"} {isOver ? "sent again" : "so far"}
        </span>
        <span className="ml-auto">
          <Time at={updatedAt} />
        </span>
      </p>
      {!isOver && (
        <div aria-hidden className="bg-line h-1 overflow-hidden rounded-full">
          <div className="bg-bronze h-full w-1/3 animate-pulse rounded-full motion-reduce:animate-none" />
        </div>
      )}
      {result.error && <p className="text-bad">{result.error}</p>}
      <Failure error={query.error} />
    </div>
  );
}
