// One set of preferences, by boxes and as JSON.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Button } from "../../../components/ui/button";
import { Confirm } from "../../../components/ui/dialog";
import { Failure, Panel, Skeleton } from "../../../components/ui/page";
import { Segments } from "../../../components/ui/tabs";
import { done } from "../../../components/ui/toast";
import { isObject } from "../../../lib/json";
import { useWorkflows } from "../../../lib/workflow-names";
import { JsonField } from "./code-field";
import { PreferenceTable } from "./preference-table";
import { changeOf, type PreferenceSet, type PreferenceSetIn, rowsOf } from "./preferences";

type SetEditorProps = {
  set: PreferenceSet;
  queryKey: string[];
  onWrite: (body: PreferenceSetIn) => Promise<unknown>;
  onRemove?: () => Promise<unknown>;
  /** Keys of the workflows that can reach the recipient; all without it. */
  reachable?: string[] | undefined;
  title?: string;
};

export function SetEditor({
  set,
  queryKey,
  onWrite,
  onRemove,
  reachable,
  title = "Workflows, categories and channels",
}: SetEditorProps) {
  const queries = useQueryClient();
  const workflows = useWorkflows();
  const [mode, setMode] = useState<"table" | "json">("table");
  const { id, ...document } = set;
  const [text, setText] = useState<unknown>(document);
  const save = useMutation({
    mutationFn: onWrite,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey });
      done("The preferences are saved.");
    },
  });
  const reset = async () => {
    await onRemove?.();
    await queries.invalidateQueries({ queryKey });
    done("The preferences are removed: everything is wanted again.");
  };
  return (
    <Panel
      title={title}
      note={mode === "table" ? "saved at once" : undefined}
      actions={
        <Segments
          label="Shown as"
          value={mode}
          options={[
            ["table", "Table"],
            ["json", "JSON"],
          ]}
          onChange={(next) => {
            setText(document);
            setMode(next === "json" ? "json" : "table");
          }}
        />
      }
    >
      <Failure error={save.error ?? workflows.error} />
      {mode === "table" ? (
        workflows.data ? (
          <PreferenceTable
            rows={rowsOf(
              workflows.data.filter(({ key }) => !reachable || reachable.includes(key)),
              set,
            )}
            set={set}
            onTurn={(row, type, wanted) => save.mutate(changeOf(set, row, type, wanted))}
          />
        ) : (
          <Skeleton lines={5} />
        )
      ) : (
        <div className="grid gap-3 p-4">
          <JsonField label="Preferences as JSON" value={text} onChange={setText} minLines={12} maxLines={30} />
          <div className="flex flex-wrap gap-2">
            <Button
              kind="primary"
              busy={save.isPending}
              onClick={() => isObject(text) && save.mutate({ ...text, __persistence_strategy__: "replace" })}
            >
              Save
            </Button>
            {onRemove && (
              <Confirm
                trigger={<Button kind="danger">Remove the set…</Button>}
                title={`Remove the preferences “${id}”?`}
                action="Remove"
                onConfirm={reset}
              >
                <p>All that is set in it is gone. What everybody begins with counts again.</p>
              </Confirm>
            )}
          </div>
        </div>
      )}
    </Panel>
  );
}
