// Conditions by form, with groups in groups, and as JSON.
// biome-ignore-all lint/suspicious/noArrayIndexKey: conditions have nothing of their own but their place

import { FolderPlus, Plus, X } from "lucide-react";
import { useId, useState } from "react";

import { Button, IconButton } from "../../../components/ui/button";
import { inputLook } from "../../../components/ui/field";
import { Segments } from "../../../components/ui/tabs";
import { JsonField } from "./code-field";
import {
  argumentText,
  type Comparison,
  type ConditionNode,
  type Conditions,
  conditionsOf,
  type Group,
  groupOf,
  OPERATORS,
  takesArgument,
} from "./conditions";

type ConditionsEditorProps = {
  /** The consequence of the conditions: "This step is taken". */
  label: string;
  value: unknown;
  onChange: (conditions: Conditions | null) => void;
  /** Paths to choose from. */
  variables: string[];
  problem?: string | undefined;
};

const NEW: Comparison = { kind: "one", variable: "", operator: "equal_to", argument: "" };
/** How deep groups may lie in each other here; deeper ones can be written as JSON. */
const DEPTH = 4;

export function ConditionsEditor({ label, value, onChange, variables, problem }: ConditionsEditorProps) {
  const [mode, setMode] = useState<"form" | "json">("form");
  const known = useId();
  const group = groupOf(value);
  const begin = (item: ConditionNode) => onChange(conditionsOf({ kind: "group", mode: "all", items: [item] }));
  return (
    <div className="grid min-w-0 gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-quiet">{group ? `${label} only if` : `${label} always.`}</p>
        <Segments
          label="Conditions as"
          value={mode}
          options={[
            ["form", "Form"],
            ["json", "JSON"],
          ]}
          onChange={(next) => setMode(next === "json" ? "json" : "form")}
        />
      </div>
      {mode === "json" ? (
        <JsonField
          label="Conditions as JSON"
          value={value}
          onChange={(next) => onChange((next ?? null) as Conditions | null)}
          minLines={6}
          hint='{"all": […]} or {"any": […]} of {"variable", "operator", "argument"}'
        />
      ) : (
        <>
          <datalist id={known}>
            {variables.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          {group ? (
            <GroupForm
              group={group}
              known={known}
              depth={0}
              onChange={(next) => onChange(next ? conditionsOf(next) : null)}
            />
          ) : (
            <Button size="sm" className="w-fit" onClick={() => begin(NEW)}>
              <Plus aria-hidden className="size-3.5" />
              Add a condition
            </Button>
          )}
        </>
      )}
      {problem && (
        <p role="alert" className="text-bad text-xs">
          {problem}
        </p>
      )}
    </div>
  );
}

type GroupFormProps = { group: Group; known: string; depth: number; onChange: (group: Group | undefined) => void };

function GroupForm({ group, known, depth, onChange }: GroupFormProps) {
  const { items, mode } = group;
  const set = (next: ConditionNode[]) => onChange(next.length > 0 ? { ...group, items: next } : undefined);
  const replace = (at: number, item: ConditionNode | undefined) =>
    set(items.flatMap((one, index) => (index === at ? (item ?? []) : one)));
  return (
    <div
      role="group"
      aria-label={mode === "all" ? "All of these hold" : "Any of these holds"}
      className="border-line grid min-w-0 gap-2 border-l-2 pl-3"
    >
      <div className="flex flex-wrap items-center gap-2">
        <Segments
          label="How many must hold"
          value={mode}
          options={[
            ["all", "All of"],
            ["any", "Any of"],
          ]}
          onChange={(next) => onChange({ ...group, mode: next === "any" ? "any" : "all" })}
        />
      </div>
      {items.map((item, index) =>
        item.kind === "group" ? (
          <GroupForm
            key={index}
            group={item}
            known={known}
            depth={depth + 1}
            onChange={(next) => replace(index, next)}
          />
        ) : (
          <ComparisonForm
            key={index}
            of={item}
            known={known}
            number={index + 1}
            onChange={(next) => replace(index, next)}
            onRemove={() => replace(index, undefined)}
          />
        ),
      )}
      <div className="flex flex-wrap gap-1">
        <Button kind="ghost" size="sm" onClick={() => set([...items, NEW])}>
          <Plus aria-hidden className="size-3.5" />
          Condition
        </Button>
        {depth < DEPTH && (
          <Button
            kind="ghost"
            size="sm"
            onClick={() => set([...items, { kind: "group", mode: mode === "all" ? "any" : "all", items: [NEW] }])}
          >
            <FolderPlus aria-hidden className="size-3.5" />
            Group
          </Button>
        )}
      </div>
    </div>
  );
}

type ComparisonFormProps = {
  of: Comparison;
  known: string;
  number: number;
  onChange: (next: Comparison) => void;
  onRemove: () => void;
};

function ComparisonForm({ of, known, number, onChange, onRemove }: ComparisonFormProps) {
  const { variable, operator, argument } = of;
  const isKnown = OPERATORS.some(({ key }) => key === operator);
  return (
    <div className="@container">
      <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-1.5 @md:grid-cols-[minmax(0,3fr)_minmax(0,2fr)_minmax(0,2fr)_auto]">
        <input
          aria-label={`Variable of condition ${number}`}
          list={known}
          placeholder="data.total"
          spellCheck={false}
          autoComplete="off"
          className={`${inputLook} font-mono text-xs`}
          value={variable}
          onChange={(event) => onChange({ ...of, variable: event.target.value })}
        />
        <select
          aria-label={`Comparison of condition ${number}`}
          className={`${inputLook} @max-md:col-start-1 @max-md:row-start-2`}
          value={operator}
          onChange={(event) => onChange({ ...of, operator: event.target.value })}
        >
          {!isKnown && <option value={operator}>{operator}</option>}
          {OPERATORS.map(({ key, title }) => (
            <option key={key} value={key}>
              {title}
            </option>
          ))}
        </select>
        {takesArgument(operator) ? (
          <input
            aria-label={`Value of condition ${number}`}
            list={known}
            placeholder="pro, 10, data.limit"
            spellCheck={false}
            autoComplete="off"
            className={`${inputLook} font-mono text-xs @max-md:col-start-1 @max-md:row-start-3`}
            value={argumentText(argument)}
            onChange={(event) => onChange({ ...of, argument: event.target.value })}
          />
        ) : (
          <span className="@max-md:hidden" />
        )}
        <IconButton
          label={`Remove condition ${number}`}
          className="@max-md:col-start-2 @max-md:row-start-1"
          onClick={onRemove}
        >
          <X className="size-4" />
        </IconButton>
      </div>
    </div>
  );
}
