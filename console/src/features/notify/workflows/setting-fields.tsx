// The fields that the forms of steps are made of: a text, a number, a choice, a template of JSON.

import { Field, SelectField } from "../../../components/ui/field";
import type { Step } from "../../../lib/knock";
import { CodeField } from "../parts/code-field";
import { textAt, valueAt } from "./document";
import { useEditor, useStep } from "./editor-context";

export type FormProps = { step: Step };

/** A text of the settings in one line. */
export function Line({
  step,
  name,
  label,
  hint,
  placeholder,
}: FormProps & { name: string; label: string; hint?: string; placeholder?: string }) {
  const { set, problem } = useStep(step);
  const path = `settings.${name}`;
  return (
    <Field
      label={label}
      hint={hint}
      placeholder={placeholder}
      spellCheck={false}
      value={textAt(step, path)}
      onChange={(event) => set(path, event.target.value || undefined)}
      problem={problem(path)}
    />
  );
}

export function Count({
  step,
  name,
  label,
  hint,
  min,
  max,
}: FormProps & { name: string; label: string; hint?: string; min?: number; max?: number }) {
  const { set, problem } = useStep(step);
  const path = `settings.${name}`;
  const value = valueAt(step, path);
  return (
    <Field
      label={label}
      type="number"
      min={min}
      max={max}
      hint={hint}
      value={typeof value === "number" ? value : ""}
      onChange={(event) => set(path, event.target.value === "" ? undefined : Number(event.target.value))}
      problem={problem(path)}
    />
  );
}

export function Choice({
  step,
  name,
  label,
  options,
  otherwise,
}: FormProps & { name: string; label: string; options: [string, string][]; otherwise: string }) {
  const { set } = useStep(step);
  const path = `settings.${name}`;
  return (
    <SelectField
      label={label}
      value={textAt(step, path) || otherwise}
      options={options.map(([value, title]) => ({ value, title }))}
      onChange={(event) => set(path, event.target.value === otherwise ? undefined : event.target.value)}
    />
  );
}

/** Text that becomes JSON once it is rendered; what is stored as an object is shown as text, too. */
export function JsonTemplate({ step, path, label, hint }: FormProps & { path: string; label: string; hint: string }) {
  const { variables, save } = useEditor();
  const { set, problem } = useStep(step);
  const value = valueAt(step, path);
  const text =
    typeof value === "string" || value === undefined || value === null ? (value ?? "") : JSON.stringify(value, null, 2);
  return (
    <CodeField
      label={label}
      language="liquid"
      value={text}
      onChange={(next) => set(path, next || undefined)}
      variables={variables}
      onSave={save}
      minLines={6}
      hint={hint}
      problem={problem(path)}
    />
  );
}
