// Makes a user, an object or a tenant.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Button } from "../../../components/ui/button";
import { Dialog, DialogActions } from "../../../components/ui/dialog";
import { Field } from "../../../components/ui/field";
import { useGo } from "../../../components/ui/go";
import { done } from "../../../components/ui/toast";
import { asObject } from "../../../lib/json";
import { JsonField } from "../parts/code-field";
import { FormFailure } from "../parts/form-failure";
import { pathOf, type Reference, TENANTS } from "../parts/recipient";
import { writeProperties } from "./properties-panel";

type NewRecipientProps = { kind: "users" | "objects" | "tenants"; collection: string; onClose: () => void };

export function NewRecipient({ kind, collection: first, onClose }: NewRecipientProps) {
  const queries = useQueryClient();
  const go = useGo();
  const [collection, setCollection] = useState(first);
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [others, setOthers] = useState<unknown>({});
  const reference: Reference =
    kind === "users" ? id.trim() : { collection: kind === "tenants" ? TENANTS : collection.trim(), id: id.trim() };
  const add = useMutation({
    mutationFn: () =>
      writeProperties(reference, { ...asObject(others), ...(name && { name }), ...(email && { email }) }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["list", "recipients"] });
      for (const key of ["users", "tenants"]) void queries.invalidateQueries({ queryKey: [key] });
      onClose();
      done(`“${name || id}” is known now.`);
      void go(pathOf(reference));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog
      title={{ users: "Add a user", objects: "Add an object", tenants: "Add a tenant" }[kind]}
      lead="A recipient that is known already gets these properties beside its own."
      open
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-4">
        {kind === "objects" && (
          <Field
            label="Collection"
            required
            value={collection}
            onChange={(event) => setCollection(event.target.value)}
          />
        )}
        <Field
          label="Id"
          required
          autoFocus
          value={id}
          spellCheck={false}
          onChange={(event) => setId(event.target.value)}
          hint="As your own program knows it."
        />
        <Field label="Name" value={name} onChange={(event) => setName(event.target.value)} />
        {kind === "users" && (
          <Field label="Mail address" type="email" value={email} onChange={(event) => setEmail(event.target.value)} />
        )}
        <JsonField
          label="Other properties"
          value={others}
          onChange={(value) => setOthers(value ?? {})}
          hint="For users: phone_number, timezone, locale, avatar, and your own."
        />
        <FormFailure error={add.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={add.isPending}>
            Add
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
