// The same done to many runs, a few at a time, with how far it is and a way to stop.

import { useRef, useState } from "react";

import { Button } from "../../components/ui/button";

const AT_A_TIME = 4;

export type BulkState = {
  what: string;
  total: number;
  done: number;
  errors: { id: string; message: string }[];
  isRunning: boolean;
  isStopped: boolean;
};

export function useBulk(onEnd: () => unknown) {
  const [state, setState] = useState<BulkState>();
  const stopped = useRef(false);
  const run = async (what: string, ids: string[], act: (id: string) => Promise<unknown>) => {
    stopped.current = false;
    const left = [...ids];
    setState({ what, total: ids.length, done: 0, errors: [], isRunning: true, isStopped: false });
    const work = async () => {
      for (let id = left.shift(); id !== undefined && !stopped.current; id = left.shift()) {
        const of = id;
        const error = await act(id).then(
          () => undefined,
          (error: Error) => ({ id: of, message: error.message }),
        );
        setState(
          (old) =>
            old && { ...old, done: old.done + (error ? 0 : 1), errors: error ? [...old.errors, error] : old.errors },
        );
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
    setState((old) => old && { ...old, isRunning: false, isStopped: stopped.current });
    await onEnd();
  };
  const stop = () => {
    stopped.current = true;
  };
  return { state, run, stop, clear: () => setState(undefined) };
}

export function BulkProgress({
  state,
  onStop,
  onClose,
}: {
  state: BulkState;
  onStop: () => void;
  onClose: () => void;
}) {
  const { what, total, done, errors, isRunning, isStopped } = state;
  const share = total > 0 ? ((done + errors.length) / total) * 100 : 100;
  return (
    <div role="status" className="border-line bg-raised mx-4 mb-3 grid gap-2 rounded-md border px-3 py-2 sm:mx-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium">{what}</span>
        <span className="text-quiet tabular-nums">
          {done} of {total}
          {errors.length > 0 && `, ${errors.length} refused`}
          {isStopped && ", stopped"}
        </span>
        <span className="ml-auto">
          <Button size="sm" onClick={isRunning ? onStop : onClose}>
            {isRunning ? "Stop" : "Close"}
          </Button>
        </span>
      </div>
      <div
        role="progressbar"
        aria-label={what}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done + errors.length}
        className="bg-line h-1.5 overflow-hidden rounded-full"
      >
        <div className={errors.length > 0 ? "bg-warn h-full" : "bg-good h-full"} style={{ width: `${share}%` }} />
      </div>
      {errors[0] && (
        <p className="text-bad text-xs">
          {errors[0].id}: {errors[0].message}
        </p>
      )}
    </div>
  );
}
