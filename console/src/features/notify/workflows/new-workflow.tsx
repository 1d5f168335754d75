// Makes a workflow: from a starting point, or from a file.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Button } from "../../../components/ui/button";
import { Dialog, DialogActions } from "../../../components/ui/dialog";
import { CheckField, Field } from "../../../components/ui/field";
import { useGo } from "../../../components/ui/go";
import { done } from "../../../components/ui/toast";
import { ApiError, api, data } from "../../../lib/api";
import { paths } from "../../../lib/paths";
import { faultsOf } from "../parts/faults";
import { FormFailure } from "../parts/form-failure";
import { keyOf } from "../parts/stored-document";
import { versionsKey } from "../parts/use-versions";
import { type Doc, readFile } from "./document";
import { STARTERS } from "./starters";

/** Writes a workflow; a refusal says all that is wrong with it. */
async function write(key: string, workflow: Doc, commits: boolean, message: string) {
  const query = commits ? { commit: true, commit_message: message } : {};
  const { error, response } = await api.PUT("/v1/workflows/{key}", {
    params: { path: { key }, query },
    body: { workflow },
  });
  if (response.ok) return;
  const faults = faultsOf(error).map(({ field, message }) => `${field}: ${message}`);
  if (faults.length > 0) throw new ApiError(response.status, faults.slice(0, 5).join("; "));
  await data(Promise.resolve({ error, response }));
}

function useMake(onDone: () => void) {
  const queries = useQueryClient();
  const go = useGo();
  return useMutation({
    mutationFn: async ({
      key,
      document,
      commits,
      message,
      isNew,
    }: {
      key: string;
      document: Doc;
      commits: boolean;
      message: string;
      isNew: boolean;
    }) => {
      if (isNew) {
        const { response } = await api.GET("/v1/workflows/{key}", { params: { path: { key } } });
        if (response.ok) throw new Error(`There is a workflow “${key}” already. Choose another key.`);
      }
      await write(key, document, commits, message);
      return key;
    },
    onSuccess: (key) => {
      void queries.invalidateQueries({ queryKey: ["workflow-list"] });
      void queries.invalidateQueries({ queryKey: ["workflows", key] });
      void queries.invalidateQueries({ queryKey: versionsKey("workflow", key) });
      onDone();
      void go(paths.workflow(key));
    },
  });
}

export function NewWorkflow({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [key, setKey] = useState<string>();
  const [starter, setStarter] = useState(STARTERS[0]?.key ?? "");
  const make = useMake(onClose);
  const chosen = STARTERS.find((one) => one.key === starter);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (chosen)
      make.mutate({
        key: key ?? keyOf(name),
        document: chosen.document(name.trim()),
        commits: false,
        message: "",
        isNew: true,
      });
  };
  return (
    <Dialog title="New workflow" open onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label="Name"
          required
          autoFocus
          value={name}
          placeholder="Comment created"
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label="Key"
          required
          value={key ?? keyOf(name)}
          spellCheck={false}
          pattern="[A-Za-z0-9\-_.\/:@+]+"
          onChange={(event) => setKey(event.target.value)}
          hint="Programs trigger it by this key. It cannot be changed later."
        />
        <fieldset className="grid gap-2">
          <legend className="mb-1.5 font-medium">Begin with</legend>
          {STARTERS.map(({ key, title, about }) => (
            <label
              key={key}
              className="border-line has-checked:border-bronze has-checked:bg-bronze-tint flex cursor-pointer items-start gap-2.5 rounded-md border p-2.5"
            >
              <input
                type="radio"
                name="starter"
                className="accent-bronze mt-0.5 size-4"
                checked={starter === key}
                onChange={() => setStarter(key)}
              />
              <span>
                <span className="block font-medium">{title}</span>
                <span className="text-quiet block text-xs">{about}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <FormFailure error={make.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={make.isPending}>
            Create the draft
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

export function ImportWorkflow({ onClose }: { onClose: () => void }) {
  const [read, setRead] = useState<{ key: string; document: Doc }>();
  const [key, setKey] = useState("");
  const [why, setWhy] = useState<string>();
  const [commits, setCommits] = useState(false);
  const make = useMake(() => {
    onClose();
    done("The workflow is imported.");
  });
  const open = async (file: File | undefined) => {
    if (!file) return;
    const result = readFile(await file.text());
    setWhy(typeof result === "string" ? result : undefined);
    setRead(typeof result === "string" ? undefined : result);
    if (typeof result !== "string")
      setKey(result.key || keyOf(result.document.name ?? file.name.replace(/\.json$/, "")));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (read) make.mutate({ key, document: read.document, commits, message: "Imported from a file", isNew: false });
  };
  return (
    <Dialog
      title="Import a workflow"
      lead="A JSON file, as it is exported here or pulled by campanile workflows pull."
      open
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label="File"
          type="file"
          accept="application/json,.json"
          required
          className="h-auto py-1"
          onChange={(event) => void open(event.target.files?.[0])}
          problem={why}
        />
        {read && (
          <>
            <Field
              label="Key"
              required
              value={key}
              spellCheck={false}
              onChange={(event) => setKey(event.target.value)}
              hint="A workflow with this key gets the file as its draft."
            />
            <CheckField
              label="Commit it"
              hint="Runs use it at once. Otherwise it is a draft."
              checked={commits}
              onChange={setCommits}
            />
          </>
        )}
        <FormFailure error={make.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={!read} busy={make.isPending}>
            Import
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
