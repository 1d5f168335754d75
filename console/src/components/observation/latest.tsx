// A short list of observations, newest first, for a page about something else.

import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Observation } from "../../lib/api";
import { readTitle } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { Go } from "../ui/go";
import { Empty, Failure, Skeleton } from "../ui/page";
import { Time } from "../ui/time";

type Latest = { data: Observation[]; next?: string | null };

/** Reads the newest observations of something, and again with news of observations. */
export const useLatest = (key: string[], read: () => Promise<Latest>) =>
  useQuery({ queryKey: ["observation", "latest", ...key], queryFn: read });

/** `all` stands below a list that goes on. */
export function LatestObservations({ latest, all }: { latest: UseQueryResult<Latest>; all?: ReactNode }) {
  if (latest.isPending) return <Skeleton lines={6} />;
  if (latest.isError) return <Failure error={latest.error} onRetry={() => void latest.refetch()} />;
  const { data, next } = latest.data;
  if (data.length === 0) return <Empty>{next ? "None of the newest observations." : "No observations."}</Empty>;
  return (
    <>
      <ol className="divide-line divide-y">
        {data.map((observation) => (
          <Line key={observation.id} observation={observation} />
        ))}
      </ol>
      {all && <p className="border-line border-t px-4 py-2.5">{all}</p>}
    </>
  );
}

function Line({ observation }: { observation: Observation }) {
  const { kind, text } = readTitle(observation);
  return (
    <li>
      <Go to={paths.observation(observation.id)} className="focus-inside hover:bg-sunken block px-4 py-2">
        <span className="flex items-baseline gap-3">
          <span className="min-w-0 flex-1 truncate font-medium">{text}</span>
          <Time at={observation.occurred_at} />
        </span>
        <span className="text-quiet block truncate text-xs">
          {providerName(observation.provider)} · {kind}
        </span>
      </Go>
    </li>
  );
}
