// The fields of a provider: secrets are never shown, and stay as they are until they are replaced or removed.

import { useState } from "react";

import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Field, SelectField, TextField } from "../../../components/ui/field";
import { type Change, changeOf, type Provider, type ProviderField } from "../../../lib/channel-providers";
import { asText } from "../../../lib/json";

type ProviderFieldsProps = {
  provider: Provider;
  /** The names of the settings that are set. */
  known: string[];
  /** The values of those that are no secrets. */
  values?: Record<string, unknown> | undefined;
  change: Change;
  onChange: (change: Change) => void;
  /** Told from others of the same name: "of the fallback". */
  of?: string;
};

export function ProviderFields({ provider, known, values = {}, change, onChange, of = "" }: ProviderFieldsProps) {
  const isOpen = provider.fields.some(({ name, more }) => more && known.includes(name));
  const [showsMore, setShowsMore] = useState(isOpen);
  const more = provider.fields.filter(({ more }) => more);
  const shown = provider.fields.filter(({ more }) => !more || showsMore);
  return (
    <>
      {shown.map((field) => (
        <OneField
          key={`${provider.key} ${field.name}`}
          field={field}
          of={of}
          isSet={known.includes(field.name)}
          stored={asText(values[field.name])}
          value={change[field.name]}
          onChange={(value) => onChange({ ...change, [field.name]: value })}
        />
      ))}
      {more.length > 0 && !showsMore && (
        <Button kind="link" size="sm" className="w-fit" onClick={() => setShowsMore(true)}>
          More settings
        </Button>
      )}
    </>
  );
}

type OneFieldProps = {
  field: ProviderField;
  of: string;
  isSet: boolean;
  /** The stored value, unless it is a secret. */
  stored: string | undefined;
  value: string | null | undefined;
  onChange: (value: string | null | undefined) => void;
};

function OneField({ field, of, isSet, stored, value, onChange }: OneFieldProps) {
  const { kind, label, hint, placeholder, required, options } = field;
  const isRemoved = value === null;
  const named = of ? `${label} ${of}` : label;
  const shared = {
    label: named,
    hint,
    placeholder: isRemoved ? "Removed when you save" : isSet ? "Set. Write to replace it" : placeholder,
    required: required && !isSet,
    spellCheck: false,
    value: value === undefined ? (stored ?? "") : (value ?? ""),
    onChange: (event: { target: { value: string } }) => onChange(changeOf(event.target.value, stored)),
  };
  return (
    <div className="grid gap-1.5">
      {kind === "area" ? (
        <TextField rows={4} className="font-mono text-xs" {...shared} />
      ) : kind === "choice" ? (
        <SelectField
          label={named}
          hint={hint}
          value={shared.value}
          options={[
            { value: "", title: isSet && stored === undefined ? "As it is" : (options?.[0]?.title ?? "") },
            ...(options ?? []),
          ]}
          onChange={shared.onChange}
        />
      ) : (
        <Field
          type={kind === "secret" ? "password" : kind === "email" ? "email" : "text"}
          autoComplete={kind === "secret" ? "new-password" : "off"}
          {...shared}
        />
      )}
      {isSet && (
        <p className="flex items-center gap-2">
          <Badge tone={isRemoved ? "warn" : "good"}>
            {isRemoved ? "Removed when you save" : value ? "Replaced when you save" : "Set"}
          </Badge>
          {(isRemoved || !required) && (
            <Button
              kind="link"
              size="sm"
              aria-label={`${isRemoved ? "Keep" : "Remove"}: ${named}`}
              onClick={() => onChange(isRemoved ? undefined : null)}
            >
              {isRemoved ? "Keep it" : "Remove"}
            </Button>
          )}
        </p>
      )}
    </div>
  );
}
