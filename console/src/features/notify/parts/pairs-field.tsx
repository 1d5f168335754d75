// A list of pairs of texts: headers, query parameters, buttons.

import { Plus, X } from "lucide-react";

import { Button, IconButton } from "../../../components/ui/button";
import { inputLook } from "../../../components/ui/field";
import { asList, asObject, asText } from "../../../lib/json";
import { CodeField } from "./code-field";

type PairsFieldProps = {
  label: string;
  value: unknown;
  onChange: (value: unknown) => void;
  /** The names of the two texts, in the document and for people. */
  names?: [key: string, value: string];
  titles?: [key: string, value: string];
  most?: number;
  problem?: string | undefined;
};

export function PairsField({
  label,
  value,
  onChange,
  names = ["key", "value"],
  titles = ["Name", "Value"],
  most = 50,
  problem,
}: PairsFieldProps) {
  if (typeof value === "string") {
    return (
      <CodeField
        label={label}
        language="liquid"
        value={value}
        onChange={(text) => onChange(text || undefined)}
        hint="A template of a JSON object."
        problem={problem}
      />
    );
  }
  const [first, second] = names;
  const pairs = asList(value).map(asObject);
  const set = (next: Record<string, unknown>[]) => onChange(next.length > 0 ? next : undefined);
  const change = (at: number, name: string, text: string) =>
    set(pairs.map((pair, index) => (index === at ? { ...pair, [name]: text } : pair)));
  return (
    <fieldset className="grid min-w-0 gap-1.5">
      <legend className="mb-1.5 font-medium">{label}</legend>
      {pairs.map((pair, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pairs have nothing of their own but their place
        <div key={index} className="flex items-center gap-1.5">
          <input
            aria-label={`${label}: ${titles[0]} ${index + 1}`}
            placeholder={titles[0]}
            className={`${inputLook} max-w-[40%]`}
            value={asText(pair[first]) ?? ""}
            onChange={(event) => change(index, first, event.target.value)}
          />
          <input
            aria-label={`${label}: ${titles[1]} ${index + 1}`}
            placeholder={titles[1]}
            className={inputLook}
            value={asText(pair[second]) ?? ""}
            onChange={(event) => change(index, second, event.target.value)}
          />
          <IconButton
            label={`Remove ${titles[0].toLowerCase()} ${index + 1} of ${label.toLowerCase()}`}
            onClick={() => set(pairs.filter((_, at) => at !== index))}
          >
            <X className="size-4" />
          </IconButton>
        </div>
      ))}
      {pairs.length < most && (
        <Button kind="ghost" size="sm" className="w-fit" onClick={() => set([...pairs, { [first]: "", [second]: "" }])}>
          <Plus aria-hidden className="size-3.5" />
          Add
        </Button>
      )}
      {problem && (
        <p role="alert" className="text-bad text-xs">
          {problem}
        </p>
      )}
    </fieldset>
  );
}
