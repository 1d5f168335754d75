// The fields of a document, and beside them the frame of a layout with a sample in it.

import { Panel } from "../../../components/ui/page";
import { asText } from "../../../lib/json";
import { useSettled } from "../../../lib/use-settled";
import { HtmlFrame } from "../parts/html-frame";
import type { Draft } from "../parts/use-draft";
import { FieldEditor } from "./document-fields";
import { type Content, type DocumentKind, LAYOUTS } from "./kinds";

type ContentTabProps = {
  kind: DocumentKind;
  draft: Draft<Content>;
  problems: Record<string, string>;
  onSave: () => void;
};

export function ContentTab({ kind, draft, problems, onSave }: ContentTabProps) {
  const set = (name: string, value: unknown) =>
    draft.change(({ [name]: _, ...others }) => (value === undefined ? others : { ...others, [name]: value }), name);
  const fields = kind.fields.map((field) => (
    <FieldEditor
      key={field.name}
      field={field}
      content={draft.doc}
      problem={problems[field.name]}
      onChange={(value) => set(field.name, value)}
      onSave={onSave}
    />
  ));
  if (kind !== LAYOUTS) return <div className="grid max-w-4xl gap-4">{fields}</div>;
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <div className="grid min-w-0 gap-4">{fields}</div>
      <LayoutPreview html={asText(draft.doc.html_layout) ?? ""} />
    </div>
  );
}

const SAMPLE = "<h1>A sample mail</h1><p>The content of a mail stands here.</p>";

function LayoutPreview({ html }: { html: string }) {
  const settled = useSettled(html, 300);
  return (
    <Panel title="Preview" note="with a sample in the place of the mail; other variables as they are written">
      <div className="p-4">
        <HtmlFrame html={settled.replaceAll(/\{\{-?\s*content\s*-?\}\}/g, SAMPLE)} title="The layout with a sample" />
      </div>
    </Panel>
  );
}
