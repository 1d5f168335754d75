// The actions on a run: cancel it, continue it, or run it again with another input.

import { useMutation } from "@tanstack/react-query";
import { Ban, Repeat, RotateCcw } from "lucide-react";

import { Button } from "../../components/ui/button";
import { Confirm } from "../../components/ui/dialog";
import { done, notDone } from "../../components/ui/toast";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import { cancelRun, canRetry, isActive, type RunDetail, retryRun, useRefresh } from "./client";

export function useRetry() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: retryRun,
    onSuccess: async () => {
      done("It goes on from where it stopped");
      await refresh();
    },
    onError: (error) => notDone("It does not go on", error),
  });
}

export function RunActions({ run, size = "md" }: { run: RunDetail; size?: "sm" | "md" }) {
  const url = useUrl();
  const refresh = useRefresh();
  const retry = useRetry();
  const isJob = run.version === 0;
  const cancel = async () => {
    await cancelRun(run.id);
    done(isJob ? "The job is cancelled" : "The run is cancelled");
    await refresh();
  };
  if (!useCan().configure) return null;
  return (
    <>
      {isActive(run) && (
        <Confirm
          trigger={
            <Button size={size} kind="danger">
              <Ban aria-hidden className="size-4" />
              Cancel
            </Button>
          }
          title={isJob ? "Cancel this job?" : "Cancel this run?"}
          action={isJob ? "Cancel job" : "Cancel run"}
          onConfirm={cancel}
        >
          <p>
            The step under way is dropped. What its completed steps have done stays done. It can be continued later.
          </p>
        </Confirm>
      )}
      {canRetry(run) && (
        <Button size={size} busy={retry.isPending} onClick={() => retry.mutate(run.id)}>
          <RotateCcw aria-hidden className="size-4" />
          Retry
        </Button>
      )}
      {!isJob && (
        <Button size={size} onClick={() => url.set({ replay: run.id })}>
          <Repeat aria-hidden className="size-4" />
          Replay
        </Button>
      )}
    </>
  );
}
