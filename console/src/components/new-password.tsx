// A field for a password that is chosen: its bounds are the server's.

import { Field } from "./ui/field";

type NewPasswordProps = {
  label?: string;
  /** More about it, after how long it must be. */
  hint?: string;
  value: string;
  onChange: (value: string) => void;
  problem?: string;
};

export function NewPassword({ label = "Password", hint, value, onChange, problem }: NewPasswordProps) {
  return (
    <Field
      label={label}
      type="password"
      autoComplete="new-password"
      required
      minLength={8}
      maxLength={200}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      hint={["At least eight characters.", hint].filter(Boolean).join(" ")}
      problem={problem}
    />
  );
}
