// The fields of a document, each with the editor of its kind and the server's fault beside it.

import { useQuery } from "@tanstack/react-query";

import { Field, SelectField } from "../../../components/ui/field";
import { api, data } from "../../../lib/api";
import { asText } from "../../../lib/json";
import { CodeField, JsonField } from "../parts/code-field";
import { ConditionsEditor } from "../parts/conditions-editor";
import type { Content, DocumentField } from "./kinds";

type FieldProps = {
  field: DocumentField;
  content: Content;
  problem: string | undefined;
  onChange: (value: unknown) => void;
  onSave: () => void;
};

export function FieldEditor({ field, content, problem, onChange, onSave }: FieldProps) {
  const { name, label, hint } = field;
  const text = asText(content[name]) ?? "";
  const about = { label, ...(hint && { hint }), ...(problem && { problem }) };
  switch (field.kind) {
    case "line":
      return <Field {...about} value={text} onChange={(event) => onChange(event.target.value || undefined)} />;
    case "choice":
      return (
        <SelectField
          {...about}
          options={withCurrent(field.options, text)}
          value={text}
          onChange={(event) => onChange(event.target.value || undefined)}
        />
      );
    case "guide-channel":
      return <GuideChannel about={about} value={text} onChange={onChange} />;
    case "code":
      return (
        <CodeField
          {...about}
          language={typeof field.language === "function" ? field.language(content) : field.language}
          value={text}
          onChange={onChange}
          onSave={onSave}
          minLines={field.lines}
          maxLines={40}
        />
      );
    case "conditions":
      return (
        <ConditionsEditor
          label={label}
          value={content[name]}
          variables={field.variables}
          onChange={(conditions) => onChange(conditions ?? undefined)}
          problem={problem}
        />
      );
    case "json":
      return <JsonField {...about} value={content[name]} onChange={onChange} minLines={field.lines} maxLines={30} />;
  }
}

type Option = { value: string; title: string };

/** The options, with the current value among them even where it is none of them. */
function withCurrent(options: Option[], value: string): Option[] {
  if (options.some((option) => option.value === value)) return options;
  return [{ value, title: value || "Not set" }, ...options];
}

type GuideChannelProps = {
  about: { label: string; hint?: string; problem?: string };
  value: string;
  onChange: (value: unknown) => void;
};

function GuideChannel({ about, value, onChange }: GuideChannelProps) {
  const channels = useQuery({
    queryKey: ["channels"],
    queryFn: () => data(api.GET("/v1/channels", { params: { query: { page_size: 50 } } })),
  });
  const guides = channels.data?.entries.filter(({ type }) => type === "in_app_guide") ?? [];
  const options = guides.map(({ key, name }) => ({ value: key, title: name }));
  return (
    <SelectField
      {...about}
      options={withCurrent([{ value: "", title: "All channels of guides" }, ...options], value)}
      value={value}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  );
}
