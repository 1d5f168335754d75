// The name of something that the API does not list: collections, audiences. Those that were looked at are offered again.

import { type FormEvent, useId, useState } from "react";

import { Button } from "../../../components/ui/button";
import { inputLook } from "../../../components/ui/field";
import { useKept } from "../../../lib/kept";

type NameFieldProps = {
  label: string;
  value: string;
  kept: string;
  known?: string[];
  onChange: (name: string) => void;
};

export function NameField({ label, value, kept, known = [], onChange }: NameFieldProps) {
  const id = useId();
  const [names, setNames] = useKept<string[]>(kept, known);
  const [text, setText] = useState(value);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = text.trim();
    if (!name) return;
    setNames([name, ...names.filter((one) => one !== name)].slice(0, 20));
    onChange(name);
  };
  return (
    <form onSubmit={submit} className="flex items-center gap-1.5">
      <label htmlFor={id} className="text-quiet text-xs">
        {label}
      </label>
      <input
        id={id}
        list={`${id}-known`}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
        className={`${inputLook} w-44`}
      />
      <datalist id={`${id}-known`}>
        {[...new Set([...known, ...names])].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Button type="submit" size="sm">
        Show
      </Button>
    </form>
  );
}
