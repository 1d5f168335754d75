// Sending an event: it starts the workflows that listen for it, and wakes the runs that wait for it.

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Code } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CodeEditor } from "../../components/ui/code-editor";
import { CopyButton } from "../../components/ui/copy-button";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { Field } from "../../components/ui/field";
import { Go } from "../../components/ui/go";
import { Failure } from "../../components/ui/page";
import { api, data } from "../../lib/api";
import { objectIn } from "../../lib/json";
import { paths } from "../../lib/paths";
import { useRefresh } from "./client";

export function SendEvent({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [id, setId] = useState("");
  const [text, setText] = useState("{\n  \n}");
  const [problem, setProblem] = useState<string>();
  const refresh = useRefresh();
  const send = useMutation({
    mutationFn: (read: Record<string, unknown>) =>
      data(api.POST("/api/events", { body: { name, data: read, id: id.trim() || null } })),
    onSuccess: () => refresh(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = objectIn(text);
    setProblem(read ? undefined : "The data must be a JSON object.");
    if (read) send.mutate(read);
  };
  return (
    <Dialog
      title="Send an event"
      lead="Workflows that listen for it start, and runs that wait for it go on."
      open
      onClose={onClose}
      wide
    >
      <form onSubmit={submit} className="grid gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Name"
            required
            autoFocus
            placeholder="order/placed"
            maxLength={255}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <Field
            label="Id"
            hint="A second event with the same id does nothing. Empty: a new one."
            value={id}
            onChange={(event) => setId(event.target.value)}
          />
        </div>
        <div className="grid gap-1.5">
          <span className="font-medium">Data</span>
          <CodeEditor label="Data" language="json" value={text} onChange={setText} minLines={5} maxLines={16} />
          {problem && (
            <p role="alert" className="text-bad text-xs">
              {problem}
            </p>
          )}
        </div>
        {send.isError && (
          <div className="-mx-4">
            <Failure error={send.error} />
          </div>
        )}
        {send.data && (
          <p role="status" className="text-good flex flex-wrap items-center gap-2">
            Sent as <Code>{send.data.id}</Code> <CopyButton iconOnly text={send.data.id} label="Copy id" />
            <Go to={paths.runs} className="text-bronze underline">
              The runs that it starts
            </Go>
          </p>
        )}
        <DialogActions>
          <Button onClick={onClose}>{send.data ? "Close" : "Cancel"}</Button>
          <Button type="submit" kind="primary" busy={send.isPending}>
            Send event
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
