// The schemas of an event type's payload, one for each version, beside the example that receivers see.

import { Plus } from "lucide-react";
import { useState } from "react";

import { Button } from "../../components/ui/button";
import { CodeEditor } from "../../components/ui/code-editor";
import { JsonViewer } from "../../components/ui/json-viewer";
import { Panel } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import type { Schemas } from "../../lib/api";
import { asList, isObject } from "../../lib/json";
import { exampleFrom } from "./schema-example";

type Stored = Schemas["SvixEventType"]["schemas"];

/** The schemas as texts that can be edited, by version. */
export const textsOf = (schemas: Stored | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(schemas ?? {}).map(([version, schema]) => [version, JSON.stringify(schema, null, 2)]),
  );

/** The texts as schemas, or which of them cannot be read. Versions without a text are left out. */
export function schemasOf(texts: Record<string, string>): { schemas: Stored } | { problem: string } {
  const schemas: NonNullable<Stored> = {};
  for (const [version, text] of Object.entries(texts)) {
    if (!text.trim()) continue;
    const read = parsed(text);
    if (!isObject(read)) return { problem: `Version ${version} of the schema is not a JSON object.` };
    schemas[version] = read;
  }
  return { schemas: Object.keys(schemas).length > 0 ? schemas : null };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const FIRST = JSON.stringify({ type: "object", properties: { id: { type: "string" } }, required: ["id"] }, null, 2);

type EditorProps = {
  name: string;
  schemas: Record<string, string>;
  onChange: (schemas: Record<string, string>) => void;
  readOnly: boolean;
  onSave: () => void;
};

export function SchemaEditor({ name, schemas, onChange, readOnly, onSave }: EditorProps) {
  const versions = Object.keys(schemas).sort((a, b) => Number(b) - Number(a));
  const [chosen, setChosen] = useState<string>();
  const version = chosen && versions.includes(chosen) ? chosen : versions[0];
  const add = () => {
    const next = String(Math.max(0, ...versions.map(Number).filter(Number.isFinite)) + 1);
    onChange({ ...schemas, [next]: (version && schemas[version]) || FIRST });
    setChosen(next);
  };
  const remove = () => {
    const { [version ?? ""]: _, ...rest } = schemas;
    onChange(rest);
  };
  return (
    <Panel
      title="Schema of the payload"
      note="JSON Schema, draft 7"
      actions={
        !readOnly && (
          <>
            {version && (
              <Button size="sm" kind="ghost" onClick={remove}>
                Remove version {version}
              </Button>
            )}
            <Button size="sm" onClick={add}>
              <Plus aria-hidden className="size-3.5" />
              {version ? "New version" : "Add a schema"}
            </Button>
          </>
        )
      }
    >
      {version === undefined ? (
        <p className="text-quiet p-4">The payload is not described: receivers see neither its shape nor an example.</p>
      ) : (
        <div className="grid gap-3 p-4">
          {versions.length > 1 && (
            <div>
              <Segments
                label="Version"
                value={version}
                options={versions.map((one) => [one, `Version ${one}`])}
                onChange={setChosen}
              />
            </div>
          )}
          <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <CodeEditor
              key={version}
              label={`Schema of ${name}, version ${version}`}
              language="json"
              value={schemas[version] ?? ""}
              onChange={(text) => onChange({ ...schemas, [version]: text })}
              readOnly={readOnly}
              minLines={14}
              maxLines={32}
              onSave={onSave}
            />
            <Example text={schemas[version] ?? ""} />
          </div>
        </div>
      )}
    </Panel>
  );
}

/** The example of a schema while it is written. */
function Example({ text }: { text: string }) {
  const schema = parsed(text);
  if (!isObject(schema)) return <p className="text-quiet">The example appears when the schema can be read.</p>;
  const own = asList(schema.examples)[0];
  return (
    <div className="grid gap-1.5">
      <h3 className="text-quiet text-xs font-medium">
        {own === undefined ? "Example, made from the schema" : "Example, the first of the schema's own"}
      </h3>
      <JsonViewer label="Example" value={own ?? exampleFrom(schema)} maxHeight={480} />
    </div>
  );
}
