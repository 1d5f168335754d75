// A stretch of time, and a time that it lasts until: a moment, a rule that recurs, or a path in the data.

import { useId } from "react";

import { Field, inputLook, SelectField } from "../../../components/ui/field";
import { asObject, asText } from "../../../lib/json";
import { asDays, clockOf, DAYS, two } from "../workflows/rules";

const UNITS = ["seconds", "minutes", "hours", "days", "weeks", "months"];

type DurationFieldProps = {
  label: string;
  value: unknown;
  onChange: (value: unknown) => void;
  hint?: string;
  problem?: string | undefined;
};

/** An empty number is no time. */
export function DurationField({ label, value, onChange, hint, problem }: DurationFieldProps) {
  const id = useId();
  const { unit, value: number } = asObject(value);
  const shown = asText(unit) ?? "minutes";
  return (
    <div className="grid min-w-0 content-start gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <div className="flex gap-1.5">
        <input
          id={id}
          type="number"
          className={`${inputLook} max-w-28`}
          value={typeof number === "number" ? number : ""}
          aria-invalid={problem ? true : undefined}
          onChange={(event) =>
            onChange(event.target.value === "" ? undefined : { unit: shown, value: Number(event.target.value) })
          }
        />
        <select
          aria-label={`${label}: unit`}
          className={`${inputLook} max-w-36`}
          value={shown}
          onChange={(event) => onChange({ unit: event.target.value, value: typeof number === "number" ? number : 1 })}
        >
          {UNITS.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </div>
      {hint && <p className="text-quiet text-xs">{hint}</p>}
      {problem && (
        <p role="alert" className="text-bad text-xs">
          {problem}
        </p>
      )}
    </div>
  );
}

type RuleFieldProps = { label: string; value: unknown; onChange: (rule: Record<string, unknown>) => void };

/** A rule such as "weekly on Monday at 09:00". */
export function RuleField({ label, value, onChange }: RuleFieldProps) {
  const rule = asObject(value);
  const frequency = asText(rule.frequency) ?? "daily";
  const days = asDays(rule.days);
  const set = (changes: Record<string, unknown>) => {
    const next = Object.entries({ ...rule, frequency, ...changes }).filter(
      ([name, value]) => value !== undefined && name !== "__typename",
    );
    onChange(Object.fromEntries(next));
  };
  const toggle = (day: string) =>
    set({ days: days.includes(day) ? days.filter((one) => one !== day) : [...days, day] });
  return (
    <fieldset className="grid min-w-0 gap-3">
      <legend className="mb-1.5 font-medium">{label}</legend>
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
        <SelectField
          label="How often"
          value={frequency}
          options={["hourly", "daily", "weekly", "monthly"].map((one) => ({ value: one, title: one }))}
          onChange={(event) => set({ frequency: event.target.value })}
        />
        {frequency !== "hourly" && (
          <Field
            label="At"
            type="time"
            value={`${two(rule.hours)}:${two(rule.minutes)}`}
            onChange={(event) => set(clockOf(event.target.value) ?? {})}
            hint="In the recipient's time zone."
          />
        )}
        <Field
          label="Every"
          type="number"
          min={1}
          max={1000}
          value={typeof rule.interval === "number" ? rule.interval : 1}
          onChange={(event) => set({ interval: Number(event.target.value) || 1 })}
        />
        {frequency === "monthly" && (
          <Field
            label="Day of the month"
            type="number"
            min={1}
            max={31}
            value={typeof rule.day_of_month === "number" ? rule.day_of_month : ""}
            onChange={(event) =>
              set({ day_of_month: event.target.value === "" ? undefined : Number(event.target.value) })
            }
          />
        )}
      </div>
      {(frequency === "weekly" || frequency === "daily") && (
        <div role="group" aria-label="Days" className="flex flex-wrap gap-1">
          {DAYS.map(([day, title]) => (
            <button
              key={day}
              type="button"
              aria-pressed={days.includes(day)}
              aria-label={title}
              onClick={() => toggle(day)}
              className="border-line aria-pressed:bg-bronze-tint aria-pressed:text-bronze aria-pressed:border-bronze text-quiet h-7 cursor-pointer rounded-md border px-2 text-xs capitalize"
            >
              {day}
            </button>
          ))}
        </div>
      )}
    </fieldset>
  );
}

type UntilFieldProps = {
  label: string;
  value: unknown;
  path: string | undefined;
  onValue: (value: unknown) => void;
  onPath: (path: string | undefined) => void;
  problem?: string | undefined;
};

/** Until when: not at all, a moment, a rule, or where a path in the variables says. */
export function UntilField({ label, value, path, onValue, onPath, problem }: UntilFieldProps) {
  const kind =
    path !== undefined
      ? "path"
      : typeof value === "string"
        ? "time"
        : value === undefined || value === null
          ? "none"
          : "rule";
  const choose = (next: string) => {
    onPath(next === "path" ? "recipient.digest_at" : undefined);
    if (next === "rule") onValue({ frequency: "daily", hours: 9 });
    else onValue(next === "time" ? new Date(Date.now() + 86_400_000).toISOString() : undefined);
  };
  return (
    <div className="grid min-w-0 gap-3">
      <SelectField
        label={label}
        value={kind}
        problem={problem}
        options={[
          { value: "none", title: "No such time" },
          { value: "rule", title: "The next time of a rule" },
          { value: "time", title: "A moment" },
          { value: "path", title: "A time or rule in the data" },
        ]}
        onChange={(event) => choose(event.target.value)}
      />
      {kind === "rule" && <RuleField label="Rule" value={value} onChange={onValue} />}
      {kind === "time" && (
        <Field
          label="Moment"
          value={asText(value) ?? ""}
          onChange={(event) => onValue(event.target.value)}
          hint="RFC 3339, as 2026-12-24T09:00:00Z."
        />
      )}
      {kind === "path" && (
        <Field
          label="Path"
          value={path ?? ""}
          onChange={(event) => onPath(event.target.value)}
          hint="As recipient.digest_at or data.starts_at: a time, or a rule with a frequency."
        />
      )}
    </div>
  );
}
