// Event types out of an OpenAPI document: its webhooks are read, shown, and imported when they are right.

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CodeEditor } from "../../components/ui/code-editor";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { CheckField } from "../../components/ui/field";
import { Failure } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { useRefresh } from "./context";

export function OpenApiImport({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [replaceAll, setReplaceAll] = useState(false);
  const refresh = useRefresh();
  const ask = (dryRun: boolean) =>
    data(api.POST("/api/v1/event-type/import/openapi", { body: { specRaw: text, dryRun, replaceAll } }));
  const look = useMutation({ mutationFn: () => ask(true) });
  const store = useMutation({
    mutationFn: () => ask(false),
    onSuccess: async ({ data: { modified } }) => {
      done(`${countOf(modified.length)} imported`);
      onClose();
      await refresh();
    },
  });
  const found = look.data?.data.to_modify;
  const change = (text: string) => {
    setText(text);
    look.reset();
    store.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (found) store.mutate();
    else look.mutate();
  };
  return (
    <Dialog
      title="Import an OpenAPI document"
      lead="Each entry of its webhooks becomes an event type with the schema of its request."
      open
      onClose={onClose}
      wide
    >
      <form onSubmit={submit} className="grid gap-4">
        <label className="grid gap-1.5">
          <span className="font-medium">A file</span>
          <input
            type="file"
            accept=".json,application/json"
            onChange={(event) => void event.target.files?.[0]?.text().then(change)}
            className="text-quiet file:border-line file:bg-raised file:text-ink file:mr-3 file:h-8 file:cursor-pointer file:rounded-md file:border file:px-3 file:font-medium"
          />
        </label>
        <div className="grid gap-1.5">
          <span className="font-medium">Or its text, in JSON</span>
          <CodeEditor
            label="OpenAPI document"
            language="json"
            value={text}
            onChange={change}
            minLines={8}
            maxLines={14}
          />
        </div>
        <CheckField
          label="Archive event types that it does not have"
          checked={replaceAll}
          onChange={(replaces) => {
            setReplaceAll(replaces);
            look.reset();
          }}
        />
        <Failure error={look.error ?? store.error} />
        {found && <Found types={found} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          {found && found.length > 0 ? (
            <Button type="submit" kind="primary" busy={store.isPending}>
              Import {countOf(found.length)}
            </Button>
          ) : (
            <Button type="submit" kind="primary" busy={look.isPending} disabled={!text.trim()}>
              Preview
            </Button>
          )}
        </DialogActions>
      </form>
    </Dialog>
  );
}

type FoundType = { name: string; description: string; deprecated: boolean; groupName: string | null };

function Found({ types }: { types: FoundType[] }) {
  if (types.length === 0)
    return (
      <p role="status" className="text-quiet">
        Nothing would change: the document has no webhooks that differ from the event types.
      </p>
    );
  return (
    <section aria-label="What would be imported" className="border-line max-h-60 overflow-y-auto rounded-md border">
      <ul className="divide-line divide-y">
        {types.map(({ name, description, deprecated }) => (
          <li key={name} className="px-3 py-2">
            <code className="font-mono text-xs font-medium">{name}</code>{" "}
            {deprecated && <Badge tone="warn">deprecated</Badge>}
            <span className="text-quiet block text-xs">{description}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const countOf = (count: number) => (count === 1 ? "1 event type" : `${count} event types`);
