// Replaces the text of a document, or moves it to another path.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { counted, type Detail } from "../../components/document/document";
import { Button } from "../../components/ui/button";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { Field, TextField } from "../../components/ui/field";
import { Failure } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { readFile } from "./files";

export function ReplaceDocument({ document, onClose }: { document: Detail; onClose: () => void }) {
  const queries = useQueryClient();
  const [path, setPath] = useState(document.path);
  const [title, setTitle] = useState(document.title);
  const [content, setContent] = useState(document.text);
  const [problem, setProblem] = useState<string>();
  const replace = useMutation({
    mutationFn: () => {
      const { format, url, parentId: parent } = document;
      const body = { path: path.trim(), title: title.trim() || undefined, format, url, parent, content };
      return data(api.PUT("/api/documents/{id}", { params: { path: { id: document.id } }, body }));
    },
    onSuccess: ({ change, added, removed }) => {
      void queries.invalidateQueries({ queryKey: ["document"] });
      void queries.invalidateQueries({ queryKey: ["list", "document"] });
      const told = `${counted(added, "passage")} new, ${removed.toLocaleString("en")} gone`;
      done(change === "unchanged" ? "Nothing has changed" : `Replaced: ${told}`);
      onClose();
    },
  });
  const choose = async (file: File | undefined) => {
    if (!file) return;
    const read = await readFile(file, "");
    setProblem(read.problem && `${file.name} ${read.problem}`);
    if (read.content !== undefined) setContent(read.content);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    replace.mutate();
  };
  return (
    <Dialog
      title="Replace the document"
      lead="Passages that stay the same keep their place in the index. The text is shown without its front matter."
      open
      onClose={onClose}
      wide
    >
      <form onSubmit={submit} className="grid gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Path"
            required
            maxLength={500}
            value={path}
            onChange={({ target }) => setPath(target.value)}
            hint="With another path the document moves."
          />
          <Field
            label="Title"
            maxLength={300}
            value={title}
            onChange={({ target }) => setTitle(target.value)}
            hint="If it is empty, the text gives it."
          />
        </div>
        <TextField
          label="Text"
          required
          rows={14}
          className="font-mono text-xs"
          value={content}
          onChange={({ target }) => setContent(target.value)}
        />
        <Field
          label="Take the text of a file"
          type="file"
          className="h-auto! py-1.5"
          problem={problem}
          onChange={({ target }) => void choose(target.files?.[0])}
        />
        {replace.error && (
          <div className="-mx-4">
            <Failure error={replace.error} />
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={replace.isPending}>
            Replace
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
