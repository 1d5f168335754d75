// The log of a connection: the changes of its status, and the steps of its end, newest first.

import { Button } from "../../../components/ui/button";
import { Empty, Failure, Panel, Skeleton } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { api, data } from "../../../lib/api";
import { useList } from "../../../lib/list";
import { providerName } from "../../../lib/providers";
import type { Connection, LogLine } from "./connections";
import { StateBadge } from "./parts";
import { causeInWords, eventInWords, toneOfEvent } from "./words";

const PAGE = 30;

export function Log({ of: { id, provider } }: { of: Connection }) {
  const list = useList<LogLine>({
    key: ["connection-log", id],
    page: async (cursor) => {
      const query = { cursor, limit: PAGE };
      const read = await data(api.GET("/api/connections/{id}/log", { params: { path: { id }, query } }));
      return { items: read.data, next: read.next };
    },
    idOf: (line) => line.id,
  });
  return (
    <Panel title="Log">
      {list.isPending && <Skeleton lines={3} />}
      {list.error && <Failure error={list.error} onRetry={list.retry} />}
      {!list.isPending && !list.error && list.rows.length === 0 && <Empty>Nothing is logged.</Empty>}
      <ol aria-label="Log" className="divide-line divide-y">
        {list.rows.map((line) => (
          <Line key={line.id} line={line} tool={providerName(provider)} />
        ))}
      </ol>
      {list.hasMore && (
        <p className="border-line border-t px-4 py-3">
          <Button busy={list.isLoadingMore} onClick={list.loadMore}>
            Earlier lines
          </Button>
        </p>
      )}
    </Panel>
  );
}

function Line({ line, tool }: { line: LogLine; tool: string }) {
  return (
    <li className="px-4 py-2">
      <span className="flex flex-wrap items-center gap-2">
        <StateBadge of={{ title: eventInWords(line, tool), tone: toneOfEvent(line) }} />
        <span className="text-quiet min-w-0 flex-1 text-xs">{causeInWords(line, tool)}</span>
        <Time at={line.at} />
      </span>
      {line.reason && <p className="text-quiet mt-1 text-xs wrap-anywhere first-letter:uppercase">{line.reason}</p>}
    </li>
  );
}
