// Making an application and changing one, in a window.

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { Field } from "../../components/ui/field";
import { Failure } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import type { Application } from "./client";
import { useRefresh } from "./context";
import { kindOf } from "./in-application";
import { Pairs, pairsOf, valuesOf } from "./pairs";

type FormProps = { application?: Application; onClose: () => void; onDone?: (application: Application) => void };

export function ApplicationForm({ application, onClose, onDone }: FormProps) {
  const [name, setName] = useState(application?.name ?? "");
  const [uid, setUid] = useState(application?.uid ?? "");
  const [limit, setLimit] = useState(application?.throttleRate?.toString() ?? "");
  const [metadata, setMetadata] = useState(pairsOf(application?.metadata));
  const refresh = useRefresh();
  const isOwn = application && kindOf(application) !== "customer";
  const store = useMutation({
    mutationFn: () => {
      const body = {
        name,
        uid: uid.trim() || null,
        throttleRate: limit ? Number(limit) : null,
        metadata: valuesOf(metadata),
      };
      return data(
        application
          ? api.PATCH("/api/v1/app/{app}", { params: { path: { app: application.id } }, body })
          : api.POST("/api/v1/app", { body }),
      );
    },
    onSuccess: async (stored) => {
      done(application ? `${stored.name} is saved` : `${stored.name} is created`);
      onClose();
      onDone?.(stored);
      await refresh();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    store.mutate();
  };
  return (
    <Dialog
      title={application ? "Edit application" : "New application"}
      lead="An application owns endpoints and messages. Most often it is one of your customers."
      open
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label="Name"
          required
          autoFocus
          disabled={isOwn}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label="UID"
          hint="Your own id of it, such as the customer's. It works wherever the application's id does."
          placeholder="customer-42"
          pattern="[a-zA-Z0-9\-_.]+"
          disabled={isOwn}
          value={uid}
          onChange={(event) => setUid(event.target.value)}
        />
        <Field
          label="Rate limit"
          hint="Messages a second to each of its endpoints at most. Empty for none."
          type="number"
          min={1}
          max={65535}
          value={limit}
          onChange={(event) => setLimit(event.target.value)}
        />
        <Pairs label="Metadata" one="entry" pairs={metadata} onChange={setMetadata} />
        {isOwn && (
          <p className="text-quiet text-xs">
            The server itself owns this application. Its name and UID stay as they are.
          </p>
        )}
        {store.isError && (
          <div className="-mx-4">
            <Failure error={store.error} />
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={store.isPending}>
            {application ? "Save" : "Create"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
