// A run or a job beside its list: what it is, why it failed, its steps, its input.

import type { ReactNode } from "react";

import { Status } from "../../components/ui/badge";
import { DetailPanel } from "../../components/ui/detail-panel";
import { useGo } from "../../components/ui/go";
import { JsonViewer } from "../../components/ui/json-viewer";
import { Failure, Skeleton } from "../../components/ui/page";
import { Waterfall } from "../../components/ui/waterfall";
import { paths } from "../../lib/paths";
import { useUrl } from "../../lib/url";
import type { Kind } from "./client";
import { inputOf, Replay } from "./replay";
import { RunActions } from "./run-actions";
import { NoSteps, RunError, RunFacts, useRun } from "./run-facts";
import { spansOf } from "./spans";

export function RunPanel({ id, kind }: { id: string; kind: Kind }) {
  const run = useRun(id);
  const go = useGo();
  const url = useUrl();
  if (!run.data) {
    return (
      <DetailPanel title={kind === "runs" ? "Run" : "Job"}>
        {run.isPending ? (
          <Skeleton lines={6} />
        ) : (
          <>
            <Failure error={run.error} onRetry={() => void run.refetch()} />
            {kind === "jobs" && <p className="text-quiet px-4">A job that succeeds is removed.</p>}
          </>
        )}
      </DetailPanel>
    );
  }
  const it = run.data;
  return (
    <DetailPanel
      title={it.name}
      badges={<Status word={it.status} />}
      page={paths.run(it.id)}
      actions={<RunActions run={it} size="sm" />}
    >
      {it.error && (
        <div className="p-4 pb-0">
          <RunError run={it} />
        </div>
      )}
      <RunFacts run={it} />
      {it.version > 0 && (
        <Part title="Steps">
          {it.steps.length === 0 ? (
            <NoSteps run={it} />
          ) : (
            <Waterfall
              label="Steps"
              spans={spansOf(it)}
              onSelect={(step) => void go(paths.run(it.id), { search: { step } })}
            />
          )}
        </Part>
      )}
      <Part title={it.version > 0 ? "Input" : "Arguments"}>
        <JsonViewer label="Input" value={it.version > 0 ? inputOf(it) : it.input} maxHeight={320} />
      </Part>
      {it.output !== undefined && it.output !== null && (
        <Part title="Output">
          <JsonViewer label="Output" value={it.output} maxHeight={320} />
        </Part>
      )}
      {url.get("replay") === it.id && <Replay run={it} onClose={() => url.set({ replay: undefined })} />}
    </DetailPanel>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-line grid gap-2 border-t p-4">
      <h3 className="font-semibold">{title}</h3>
      {children}
    </section>
  );
}
