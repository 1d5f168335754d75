// Starting a run of a workflow by hand.

import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { CodeEditor } from "../../components/ui/code-editor";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { SelectField } from "../../components/ui/field";
import { useGo } from "../../components/ui/go";
import { Failure, Skeleton } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { objectIn } from "../../lib/json";
import { paths } from "../../lib/paths";
import { kindOf, readWorkflows, useRefresh } from "./client";

/** The workflow that does nothing but try the engine; its input is known. */
const DRILL = "campanile.drill";
const START: Record<string, string> = { [DRILL]: '{\n  "steps": 3,\n  "pause_ms": 500\n}' };

const OUTCOMES: Record<string, string> = {
  started: "A run is started",
  existing: "An earlier request has started it already",
  gathered: "A run that waits to start takes it in",
  skipped: "Flow control started no run",
};

export function StartRun({ name, onClose }: { name?: string; onClose: () => void }) {
  const workflows = useQuery({ queryKey: ["engine", "workflows"], queryFn: readWorkflows, staleTime: 60_000 });
  const names = (workflows.data ?? [])
    .filter((workflow) => kindOf(workflow) === "runs")
    .map((workflow) => workflow.name);
  const [chosen, setChosen] = useState(name ?? DRILL);
  const [text, setText] = useState(START[chosen] ?? "{\n  \n}");
  const [problem, setProblem] = useState<string>();
  const go = useGo();
  const refresh = useRefresh();
  const start = useMutation({
    mutationFn: (input: Record<string, unknown>) =>
      data(api.POST("/api/workflows/{name}/runs", { params: { path: { name: chosen } }, body: input })),
    onSuccess: async ({ id, outcome, reason }) => {
      done(`${OUTCOMES[outcome] ?? outcome}${reason ? `: ${reason}` : ""}`);
      if (id) await go(paths.run(id));
      else onClose();
      await refresh();
    },
  });
  const choose = (name: string) => {
    setChosen(name);
    setText(START[name] ?? "{\n  \n}");
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = objectIn(text);
    setProblem(read ? undefined : "The input must be a JSON object.");
    if (read) start.mutate(read);
  };
  return (
    <Dialog
      title="Start a run"
      lead="The workflow gets the input as if another program had called it."
      open
      onClose={onClose}
      wide
    >
      <form onSubmit={submit} className="grid gap-4">
        {workflows.isPending && <Skeleton lines={1} />}
        <Failure error={workflows.error} onRetry={() => void workflows.refetch()} />
        {workflows.data && (
          <SelectField
            label="Workflow"
            hint={
              chosen === DRILL
                ? "The drill does no useful work: each step sends an event and counts, to try the engine."
                : undefined
            }
            options={names.map((value) => ({ value, title: value }))}
            value={chosen}
            onChange={(event) => choose(event.target.value)}
          />
        )}
        <div className="grid gap-1.5">
          <span className="font-medium">Input</span>
          <CodeEditor label="Input" language="json" value={text} onChange={setText} minLines={5} maxLines={16} />
          {problem && (
            <p role="alert" className="text-bad text-xs">
              {problem}
            </p>
          )}
        </div>
        {start.isError && (
          <div className="-mx-4">
            <Failure error={start.error} />
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={start.isPending}>
            Start run
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
