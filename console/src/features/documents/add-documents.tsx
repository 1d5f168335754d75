// Adds documents: files that are chosen, or a text that is pasted.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { counted, FORMAT_OPTIONS } from "../../components/document/document";
import { Button } from "../../components/ui/button";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { Field, SelectField, TextField } from "../../components/ui/field";
import { useGo } from "../../components/ui/go";
import { Failure } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { done } from "../../components/ui/toast";
import { api, data, type Schemas } from "../../lib/api";
import { paths } from "../../lib/paths";
import { useWorkspaceId } from "../../lib/url";
import { type DocumentInput, readFile, requestsOf } from "./files";

type Outcome = Schemas["DocumentOutcome"];
/** A document that was not added, and why. */
type Refused = { path: string; problem: string };

const ACCEPTED = ".md,.mdx,.markdown,.txt,.html,.htm,.rst,.adoc,text/*";

export function AddDocuments({ onClose }: { onClose: () => void }) {
  const [way, setWay] = useState("files");
  return (
    <Dialog
      title="Add documents"
      lead="They are split at their headings, and search finds them at once. A document at a path that is taken is replaced."
      open
      onClose={onClose}
      wide
    >
      <div className="grid gap-4">
        <div className="justify-self-start">
          <Segments
            label="How"
            value={way}
            options={[
              ["files", "Choose files"],
              ["paste", "Paste a text"],
            ]}
            onChange={setWay}
          />
        </div>
        {way === "files" ? <Files onClose={onClose} /> : <Paste onClose={onClose} />}
      </div>
    </Dialog>
  );
}

/** Adds documents, request by request. Documents that were refused are listed; the others are stored. */
function useAdding(onClose: () => void) {
  const workspace = useWorkspaceId();
  const queries = useQueryClient();
  const go = useGo();
  return useMutation({
    mutationFn: async ({ documents, refused }: { documents: DocumentInput[]; refused: Refused[] }) => {
      const outcomes: Outcome[] = [];
      for (const some of requestsOf(documents)) {
        const asked = api.POST("/api/documents", { params: { query: { workspace } }, body: { documents: some } });
        outcomes.push(...(await data(asked)).data);
      }
      const problems = outcomes.flatMap(({ error }, at) =>
        error ? [{ path: documents[at]?.path ?? "", problem: error.message }] : [],
      );
      return { added: outcomes.flatMap(({ document }) => document ?? []), refused: [...refused, ...problems] };
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["list", "document"] }),
    onSuccess: ({ added, refused }) => {
      if (refused.length > 0) return;
      done(`Added ${counted(added.length, "document")}`);
      const [only] = added;
      if (added.length === 1 && only) void go(paths.document(only.id));
      else onClose();
    },
  });
}

function Files({ onClose }: { onClose: () => void }) {
  const [files, setFiles] = useState<File[]>([]);
  const [folder, setFolder] = useState("");
  const add = useAdding(onClose);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const read = await Promise.all(files.map((file) => readFile(file, folder)));
    add.mutate({
      documents: read.flatMap(({ path, content }) => (content === undefined ? [] : { path, content })),
      refused: read.flatMap(({ path, problem }) => (problem ? { path, problem } : [])),
    });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field
        label="Files"
        type="file"
        multiple
        required
        accept={ACCEPTED}
        className="h-auto! py-1.5"
        onChange={({ target }) => setFiles([...(target.files ?? [])])}
        hint="Markdown, MDX, HTML, reStructuredText, AsciiDoc or text, each at most 2 MiB."
      />
      <Field
        label="Folder"
        placeholder="docs/operations"
        maxLength={300}
        value={folder}
        onChange={({ target }) => setFolder(target.value)}
        hint="The beginning of their paths, by which they can be filtered. It may be empty."
      />
      <Result add={add} />
      <DialogActions>
        <Button onClick={onClose}>{add.data ? "Close" : "Cancel"}</Button>
        <Button type="submit" kind="primary" busy={add.isPending}>
          {files.length > 1 ? `Add ${counted(files.length, "document")}` : "Add"}
        </Button>
      </DialogActions>
    </form>
  );
}

function Paste({ onClose }: { onClose: () => void }) {
  const [path, setPath] = useState("");
  const [title, setTitle] = useState("");
  const [format, setFormat] = useState("");
  const [content, setContent] = useState("");
  const add = useAdding(onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const document = { path: path.trim(), title: title.trim() || undefined, format: format || undefined, content };
    add.mutate({ documents: [document], refused: [] });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Path"
          placeholder="docs/deploy.md"
          required
          maxLength={500}
          value={path}
          onChange={({ target }) => setPath(target.value)}
          hint="Its place. The same path replaces it."
        />
        <SelectField
          label="Format"
          value={format}
          options={[{ value: "", title: "By the ending of the path" }, ...FORMAT_OPTIONS]}
          onChange={({ target }) => setFormat(target.value)}
        />
      </div>
      <Field
        label="Title"
        placeholder="the first heading, if it is left empty"
        maxLength={300}
        value={title}
        onChange={({ target }) => setTitle(target.value)}
      />
      <TextField
        label="Text"
        required
        rows={12}
        className="font-mono text-xs"
        value={content}
        onChange={({ target }) => setContent(target.value)}
      />
      <Result add={add} />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={add.isPending}>
          Add
        </Button>
      </DialogActions>
    </form>
  );
}

function Result({ add }: { add: ReturnType<typeof useAdding> }) {
  if (add.error)
    return (
      <div className="-mx-4">
        <Failure error={add.error} />
      </div>
    );
  if (!add.data || add.data.refused.length === 0) return null;
  const { added, refused } = add.data;
  return (
    <div role="alert" className="grid gap-1">
      <p>
        {added.length > 0 && `${counted(added.length, "document")} added. `}
        {counted(refused.length, "document")} not added:
      </p>
      <ul className="max-h-40 overflow-y-auto">
        {refused.map(({ path, problem }) => (
          <li key={path} className="wrap-anywhere">
            <span className="font-mono text-xs">{path}</span> <span className="text-bad">{problem}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
