// Makes a document: a name and a key, or the language and place of a translation.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Button } from "../../../components/ui/button";
import { Dialog, DialogActions } from "../../../components/ui/dialog";
import { Field } from "../../../components/ui/field";
import { useGo } from "../../../components/ui/go";
import { FormFailure } from "../parts/form-failure";
import { keyOf } from "../parts/stored-document";
import { exists, listKey, write } from "./client";
import { type DocumentKind, keyOfPlace, TRANSLATIONS } from "./kinds";

export function NewDocument({ kind, onClose }: { kind: DocumentKind; onClose: () => void }) {
  const queries = useQueryClient();
  const go = useGo();
  const [name, setName] = useState("");
  const [own, setOwn] = useState<string>();
  const [place, setPlace] = useState({ locale: "", namespace: "", tenant: "" });
  const isTranslation = kind === TRANSLATIONS;
  const key = isTranslation ? keyOfPlace(place) : (own ?? keyOf(name));
  const make = useMutation({
    mutationFn: async () => {
      if (await exists(kind, key)) throw new Error(`There is a ${kind.one} “${key}” already.`);
      await write({ kind, key, content: kind.starter(name.trim()) });
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: listKey(kind) });
      onClose();
      void go(kind.pathOf(key));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  const part = (name: keyof typeof place) => ({
    value: place[name],
    spellCheck: false,
    pattern: "[A-Za-z0-9_.\\-]+",
    onChange: (event: { target: { value: string } }) => setPlace({ ...place, [name]: event.target.value }),
  });
  return (
    <Dialog title={`New ${kind.one}`} open onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        {isTranslation ? (
          <>
            <Field label="Language" required autoFocus placeholder="en or en-GB" {...part("locale")} />
            <Field
              label="Namespace"
              placeholder="default"
              hint="Divides many texts. Templates name another one as namespace:key."
              {...part("namespace")}
            />
            <Field label="Tenant" hint="The id of a tenant that has its own texts." {...part("tenant")} />
          </>
        ) : (
          <>
            <Field label="Name" required autoFocus value={name} onChange={(event) => setName(event.target.value)} />
            <Field
              label="Key"
              required
              value={key}
              spellCheck={false}
              pattern="[A-Za-z0-9_\-]+"
              onChange={(event) => setOwn(event.target.value)}
              hint="Workflows and programs name it by this key. It cannot be changed later."
            />
          </>
        )}
        <FormFailure error={make.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={make.isPending}>
            {kind.hasDrafts ? "Create the draft" : `Create the ${kind.one}`}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
