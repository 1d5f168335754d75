// Running a run again as a new one: whole, or from a step on, with its input or another.

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { CodeEditor } from "../../components/ui/code-editor";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { SelectField } from "../../components/ui/field";
import { useGo } from "../../components/ui/go";
import { Failure } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { asObject, isObject, objectIn } from "../../lib/json";
import { paths } from "../../lib/paths";
import type { RunDetail } from "./client";
import { useRefresh } from "./client";

/** The input that a workflow was started with: the data of its event or call. */
export const inputOf = ({ input }: Pick<RunDetail, "input">): unknown =>
  isObject(input) && "data" in input ? asObject(input).data : input;

type ReplayProps = { run: RunDetail; fromStep?: string; onClose: () => void };

export function Replay({ run, fromStep, onClose }: ReplayProps) {
  const before = JSON.stringify(inputOf(run) ?? {}, null, 2);
  const [text, setText] = useState(before);
  const steps = run.steps.filter(({ ended_at }) => ended_at).map(({ key }) => key);
  const [step, setStep] = useState(fromStep && steps.includes(fromStep) ? fromStep : "");
  const [problem, setProblem] = useState<string>();
  const go = useGo();
  const refresh = useRefresh();
  const replay = useMutation({
    mutationFn: (input: Record<string, unknown> | undefined) =>
      data(
        api.POST("/api/runs/{id}/replay", {
          params: { path: { id: run.id } },
          body: { fromStep: step || null, input },
        }),
      ),
    onSuccess: async ({ id }) => {
      done("A new run is started");
      if (id) await go(paths.run(id));
      else onClose();
      await refresh();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = objectIn(text);
    setProblem(read ? undefined : "The input must be a JSON object.");
    if (read) replay.mutate(text === before ? undefined : read);
  };
  return (
    <Dialog
      title={`Replay ${run.name}`}
      lead="A new run is started; this one stays as it is."
      open
      onClose={onClose}
      wide
    >
      <form onSubmit={submit} className="grid gap-4">
        <SelectField
          label="From"
          hint={
            step
              ? "Results of the steps before it are taken over; it and those after it run again."
              : "All steps run again."
          }
          options={[{ value: "", title: "The beginning" }, ...steps.map((key) => ({ value: key, title: key }))]}
          value={step}
          onChange={(event) => setStep(event.target.value)}
        />
        <div className="grid gap-1.5">
          <span className="flex items-baseline justify-between gap-2">
            <span className="font-medium">Input</span>
            {text !== before && (
              <Button kind="link" size="sm" onClick={() => setText(before)}>
                Back to the old input
              </Button>
            )}
          </span>
          <CodeEditor label="Input" language="json" value={text} onChange={setText} minLines={6} maxLines={18} />
          {problem && (
            <p role="alert" className="text-bad text-xs">
              {problem}
            </p>
          )}
        </div>
        {replay.isError && (
          <div className="-mx-4">
            <Failure error={replay.error} />
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={replay.isPending}>
            {step ? `Replay from ${step}` : "Replay"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
