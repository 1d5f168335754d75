// The forms of steps that take one of several ways: by conditions, or by lot.

import { Plus, X } from "lucide-react";

import { Button, IconButton } from "../../../components/ui/button";
import { CheckField, Field } from "../../../components/ui/field";
import { ConditionsEditor } from "../parts/conditions-editor";
import { useEditor, useStep } from "./editor-context";
import type { FormProps } from "./setting-fields";

export function BranchForm({ step }: FormProps) {
  const { comparable } = useEditor();
  const { set, problem } = useStep(step);
  const ways = step.branches ?? [];
  const change = (at: number, changes: object) =>
    set(
      "branches",
      ways.map((way, index) => (index === at ? { ...way, ...changes } : way)),
    );
  return (
    <div className="grid gap-4">
      {ways.map((way, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: ways have nothing of their own but their place
        <fieldset key={index} className="border-line grid min-w-0 gap-3 rounded-md border p-3">
          <legend className="px-1 font-medium">Way {index + 1}</legend>
          <div className="flex items-end gap-1.5">
            <div className="min-w-0 flex-1">
              <Field
                label={`Name of way ${index + 1}`}
                value={way.name ?? ""}
                onChange={(event) => change(index, { name: event.target.value })}
              />
            </div>
            {ways.length > 1 && (
              <IconButton
                label={`Remove way ${index + 1} and its steps`}
                onClick={() =>
                  set(
                    "branches",
                    ways.filter((_, at) => at !== index),
                  )
                }
              >
                <X className="size-4" />
              </IconButton>
            )}
          </div>
          <ConditionsEditor
            label="This way is taken"
            value={way.conditions}
            variables={comparable}
            onChange={(conditions) => change(index, { conditions: conditions ?? undefined })}
            problem={problem(`branches.${index}.conditions`)}
          />
          <CheckField
            label="The run ends after this way"
            checked={way.terminates === true}
            onChange={(terminates) => change(index, { terminates })}
          />
        </fieldset>
      ))}
      {ways.length < 10 && (
        <Button
          size="sm"
          className="w-fit"
          onClick={() =>
            set("branches", [
              ...ways.slice(0, -1),
              {
                name: `Way ${ways.length}`,
                conditions: { all: [{ variable: "data.key", operator: "equal_to", argument: "value" }] },
                terminates: false,
                steps: [],
              },
              ...ways.slice(-1),
            ])
          }
        >
          <Plus aria-hidden className="size-3.5" />
          Add a way before the last
        </Button>
      )}
    </div>
  );
}

export function CohortForm({ step }: FormProps) {
  const { set } = useStep(step);
  const ways = step.cohort_branches ?? [];
  const total = ways.reduce((sum, { percentage }) => sum + Number(percentage ?? 0), 0);
  const change = (at: number, changes: object) =>
    set(
      "cohort_branches",
      ways.map((way, index) => (index === at ? { ...way, ...changes } : way)),
    );
  return (
    <>
      {ways.map((way, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: ways have nothing of their own but their place
        <div key={index} className="grid gap-2">
          <div className="flex items-end gap-1.5">
            <div className="min-w-0 flex-1">
              <Field
                label={`Name of way ${index + 1}`}
                value={way.name ?? ""}
                onChange={(event) => change(index, { name: event.target.value })}
              />
            </div>
            <div className="w-28">
              <Field
                label="Percent"
                aria-label={`Percent of way ${index + 1}`}
                type="number"
                min={0}
                max={100}
                value={String(way.percentage ?? "")}
                onChange={(event) => change(index, { percentage: Number(event.target.value) })}
              />
            </div>
            {ways.length > 1 && (
              <IconButton
                label={`Remove way ${index + 1} and its steps`}
                onClick={() =>
                  set(
                    "cohort_branches",
                    ways.filter((_, at) => at !== index),
                  )
                }
              >
                <X className="size-4" />
              </IconButton>
            )}
          </div>
          <CheckField
            label={`The run ends after ${way.name || `way ${index + 1}`}`}
            checked={way.terminates === true}
            onChange={(terminates) => change(index, { terminates })}
          />
        </div>
      ))}
      {Math.abs(total - 100) > 0.01 && (
        <p role="alert" className="text-bad text-xs">
          The percentages come to {total}, not to 100.
        </p>
      )}
      <Button
        size="sm"
        className="w-fit"
        onClick={() =>
          set("cohort_branches", [
            ...ways,
            { name: "", percentage: Math.max(0, 100 - total), terminates: false, steps: [] },
          ])
        }
      >
        <Plus aria-hidden className="size-3.5" />
        Add a way
      </Button>
      <Field
        label="Cohort key"
        placeholder="recipient.id"
        hint="The same key always takes the same way: a path, or a template."
        value={step.cohort_key ?? ""}
        onChange={(event) => set("cohort_key", event.target.value || undefined)}
      />
    </>
  );
}
