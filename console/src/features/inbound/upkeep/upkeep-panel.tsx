// The upkeep of a linked source: its webhooks, its polls, and what the daily comparison with the tool has found.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { GitCompareArrows } from "lucide-react";
import type { ReactNode } from "react";

import { Button } from "../../../components/ui/button";
import { Facts, Panel } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done, notDone } from "../../../components/ui/toast";
import { api, data } from "../../../lib/api";
import { providerName } from "../../../lib/providers";
import { useCan } from "../../../lib/role";
import type { Source } from "../../../lib/sources";
import { missedInWords, type Upkeep } from "./words";

export function UpkeepPanel({ source, upkeep }: { source: Source; upkeep: Upkeep }) {
  const can = useCan();
  const facts: [string, ReactNode][] = [
    ["Webhooks", upkeep.heard_at ? <Time key="heard" at={upkeep.heard_at} /> : "none has come"],
    ["Polled", upkeep.polled_at ? <Time key="polled" at={upkeep.polled_at} /> : "not needed so far"],
    ["Compared", upkeep.reconciled_at ? <Time key="compared" at={upkeep.reconciled_at} /> : "not yet"],
    ["Missed", missedInWords(upkeep)],
  ];
  if (upkeep.reconcile_at) facts.push(["Compared next", <Time key="next" at={upkeep.reconcile_at} />]);
  return (
    <Panel title="Staying true" actions={can.configure && <CompareNow source={source} />}>
      <Facts of={facts} />
      {upkeep.poll_error && (
        <p role="alert" className="bg-warn-tint text-warn mx-4 mb-4 rounded-md px-3 py-2 wrap-anywhere">
          The last poll failed: {upkeep.poll_error}. It is tried again after a growing pause.
        </p>
      )}
      {upkeep.blocked.length > 0 && (
        <ul aria-label="Cannot be read" className="grid gap-2 px-4 pb-4">
          {upkeep.blocked.map(({ kind, permission, reason }) => (
            <li key={kind} className="bg-warn-tint text-warn rounded-md px-3 py-2 wrap-anywhere">
              <span className="font-medium">{kind.replaceAll("_", " ")}</span> cannot be read
              {permission && (
                <>
                  : <code className="font-mono text-xs">{permission}</code> is missing
                </>
              )}
              . {reason}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function CompareNow({ source }: { source: Source }) {
  const queries = useQueryClient();
  const compare = useMutation({
    mutationFn: () => data(api.POST("/api/sources/{id}/reconcile", { params: { path: { id: source.id } } })),
    onSuccess: () => {
      done(`It is being compared with ${providerName(source.provider)}`);
      void queries.invalidateQueries({ queryKey: ["source"] });
    },
    onError: (error) => notDone("It was not compared", error),
  });
  return (
    <Button size="sm" busy={compare.isPending} onClick={() => compare.mutate()}>
      <GitCompareArrows aria-hidden className="size-3.5" />
      Compare now
    </Button>
  );
}
