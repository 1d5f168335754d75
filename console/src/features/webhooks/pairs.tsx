// Names with values, such as headers and metadata, one row each.

import { Plus, X } from "lucide-react";

import { Button, IconButton } from "../../components/ui/button";
import { inputLook } from "../../components/ui/field";

export type Pair = { name: string; value: string };

export const pairsOf = (values: Record<string, string> | undefined): Pair[] =>
  Object.entries(values ?? {}).map(([name, value]) => ({ name, value }));

export const valuesOf = (pairs: Pair[]): Record<string, string> =>
  Object.fromEntries(pairs.filter(({ name }) => name.trim()).map(({ name, value }) => [name.trim(), value]));

type PairsProps = {
  label: string;
  /** The name of one of them: "header". */
  one: string;
  pairs: Pair[];
  onChange: (pairs: Pair[]) => void;
  readOnly?: boolean;
  /** Values are secrets, and not shown while they are typed. */
  secret?: boolean;
};

export function Pairs({ label, one, pairs, onChange, readOnly, secret }: PairsProps) {
  const set = (at: number, change: Partial<Pair>) =>
    onChange(pairs.map((pair, index) => (index === at ? { ...pair, ...change } : pair)));
  return (
    <fieldset className="grid min-w-0 gap-2">
      <legend className="mb-1.5 font-medium">{label}</legend>
      {pairs.map((pair, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has nothing else that stays the same while it is typed
        <div key={at} className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)_auto] gap-2">
          <input
            aria-label={`Name of ${one} ${at + 1}`}
            placeholder="Name"
            readOnly={readOnly}
            className={inputLook}
            value={pair.name}
            onChange={(event) => set(at, { name: event.target.value })}
          />
          <input
            aria-label={`Value of ${one} ${at + 1}`}
            placeholder="Value"
            type={secret ? "password" : "text"}
            autoComplete="off"
            readOnly={readOnly}
            className={inputLook}
            value={pair.value}
            onChange={(event) => set(at, { value: event.target.value })}
          />
          {!readOnly && (
            <IconButton
              label={`Remove ${one} ${at + 1}`}
              onClick={() => onChange(pairs.filter((_, index) => index !== at))}
            >
              <X className="size-4" />
            </IconButton>
          )}
        </div>
      ))}
      {pairs.length === 0 && readOnly && <p className="text-quiet">None.</p>}
      {!readOnly && (
        <p>
          <Button size="sm" onClick={() => onChange([...pairs, { name: "", value: "" }])}>
            <Plus aria-hidden className="size-3.5" />
            Add {one}
          </Button>
        </p>
      )}
    </fieldset>
  );
}
