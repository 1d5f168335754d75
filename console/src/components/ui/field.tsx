// Fields of forms: a label, the field, its purpose, and its fault.

import { Check } from "lucide-react";
import { Checkbox as RadixCheckbox, Switch as RadixSwitch } from "radix-ui";
import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from "react";
import { useId } from "react";

import { cx } from "./cx";

export const inputLook =
  "border-line bg-raised placeholder:text-quiet/80 h-8 w-full min-w-0 rounded-md border px-2.5 aria-invalid:border-bad disabled:opacity-60";

type About = {
  label: string;
  /** The purpose of the field, in a sentence. */
  hint?: ReactNode;
  /** The fault of the present value. */
  problem?: string;
  /** The label is read out, and not shown. */
  hidesLabel?: boolean;
};

function Labelled({ id, label, hint, problem, hidesLabel, children }: About & { id: string; children: ReactNode }) {
  return (
    <div className="grid min-w-0 content-start gap-1.5">
      <label htmlFor={id} className={cx("font-medium", hidesLabel && "sr-only")}>
        {label}
      </label>
      {children}
      {hint && (
        <p id={`${id}-hint`} className="text-quiet text-xs">
          {hint}
        </p>
      )}
      {problem && (
        <p id={`${id}-problem`} role="alert" className="text-bad text-xs">
          {problem}
        </p>
      )}
    </div>
  );
}

const described = (id: string, { hint, problem }: About) => ({
  id,
  "aria-invalid": problem ? true : undefined,
  "aria-describedby": cx(hint ? `${id}-hint` : undefined, problem ? `${id}-problem` : undefined) || undefined,
});

export function Field({
  label,
  hint,
  problem,
  hidesLabel,
  className,
  ...rest
}: About & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const about = { label, hint, problem, hidesLabel };
  return (
    <Labelled id={id} {...about}>
      <input className={cx(inputLook, className)} {...described(id, about)} {...rest} />
    </Labelled>
  );
}

export function TextField({
  label,
  hint,
  problem,
  hidesLabel,
  className,
  ...rest
}: About & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  const about = { label, hint, problem, hidesLabel };
  return (
    <Labelled id={id} {...about}>
      <textarea
        className={cx("border-line bg-raised aria-invalid:border-bad w-full rounded-md border p-2.5", className)}
        {...described(id, about)}
        {...rest}
      />
    </Labelled>
  );
}

type Option = { value: string; title: string };

export function SelectField({
  label,
  hint,
  problem,
  hidesLabel,
  options,
  className,
  ...rest
}: About & SelectHTMLAttributes<HTMLSelectElement> & { options: Option[] }) {
  const id = useId();
  const about = { label, hint, problem, hidesLabel };
  return (
    <Labelled id={id} {...about}>
      <select className={cx(inputLook, "pr-7", className)} {...described(id, about)} {...rest}>
        {options.map(({ value, title }) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

type ChoiceProps = {
  label: ReactNode;
  hint?: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
};

export function CheckField({ label, hint, checked, onChange, disabled }: ChoiceProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2">
      <Checkbox
        id={id}
        checked={checked}
        onChange={onChange}
        disabled={disabled}
        describedBy={hint ? `${id}-hint` : undefined}
      />
      <div className="grid gap-0.5">
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} className="text-quiet text-xs">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

type CheckboxProps = {
  id?: string;
  checked: boolean | "indeterminate";
  onChange: (checked: boolean) => void;
  /** Its name where no label stands beside it. */
  name?: string;
  disabled?: boolean;
  describedBy?: string;
  /** With room around it for a finger. */
  isRoomy?: boolean;
};

export function Checkbox({ id, checked, onChange, name, disabled, describedBy, isRoomy }: CheckboxProps) {
  return (
    <RadixCheckbox.Root
      id={id}
      checked={checked}
      disabled={disabled}
      aria-label={name}
      aria-describedby={describedBy}
      onCheckedChange={(value) => onChange(value === true)}
      className={cx(
        "border-quiet bg-raised data-[state=checked]:bg-bronze data-[state=checked]:border-bronze data-[state=indeterminate]:bg-bronze text-on-bronze relative mt-0.5 inline-grid size-4 shrink-0 cursor-pointer place-items-center rounded border after:absolute disabled:opacity-50",
        isRoomy ? "after:-inset-3" : "after:-inset-1",
      )}
    >
      <RadixCheckbox.Indicator>
        {checked === "indeterminate" ? (
          <span className="bg-on-bronze block h-0.5 w-2" />
        ) : (
          <Check className="size-3" strokeWidth={3} />
        )}
      </RadixCheckbox.Indicator>
    </RadixCheckbox.Root>
  );
}

/** Turns something on and off at once, without a form. */
export function Switch({
  label,
  checked,
  onChange,
  disabled,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <RadixSwitch.Root
      aria-label={label}
      checked={checked}
      disabled={disabled}
      onCheckedChange={onChange}
      className="bg-quiet/70 data-[state=checked]:bg-good relative inline-flex h-6 w-10 shrink-0 cursor-pointer items-center rounded-full p-0.5 transition-colors disabled:opacity-50"
    >
      <RadixSwitch.Thumb className="bg-raised size-5 rounded-full shadow transition-transform data-[state=checked]:translate-x-4" />
    </RadixSwitch.Root>
  );
}
