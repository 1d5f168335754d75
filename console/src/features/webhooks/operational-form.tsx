// Adding an operational endpoint and changing one, in a window.

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { CheckField, Field } from "../../components/ui/field";
import { Failure } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import type { EndpointIn, OperationalEndpoint } from "./client";
import { useRefresh } from "./context";
import { isPrivateAddress } from "./private-address";

/** The events of operational endpoints, as the server sends them. */
const TYPES: [name: string, about: string][] = [
  ["endpoint.created", "An endpoint was added."],
  ["endpoint.updated", "An endpoint was changed."],
  ["endpoint.deleted", "An endpoint was deleted."],
  ["endpoint.disabled", "An endpoint failed for days, and nothing is sent to it any more."],
  ["endpoint.enabled", "An endpoint was enabled again."],
  ["message.attempt.failing", "A message has failed four times at an endpoint, and is still tried."],
  ["message.attempt.exhausted", "A message is given up at an endpoint."],
  ["message.attempt.recovered", "A message that was failing was delivered."],
  ["background_task.finished", "A recovery, a replay or a count has ended."],
];

/** The same endpoint with other settings: the API replaces it as a whole. */
export function bodyOf(before: OperationalEndpoint, change: Partial<EndpointIn>): EndpointIn {
  const { url, description, disabled, eventTypes, throttleRate, uid, metadata } = before;
  return { url, description, disabled, eventTypes, throttleRate, uid, metadata, ...change };
}

export function OperationalForm({ before, onClose }: { before?: OperationalEndpoint; onClose: () => void }) {
  const [url, setUrl] = useState(before?.url ?? "");
  const [description, setDescription] = useState(before?.description ?? "");
  const [chosen, setChosen] = useState(before?.eventTypes ?? null);
  const refresh = useRefresh();
  const store = useMutation({
    mutationFn: () => {
      const asked = { url, description, eventTypes: chosen?.length ? chosen : null };
      return data(
        before
          ? api.PUT("/api/v1/operational-webhook/endpoint/{endpoint}", {
              params: { path: { endpoint: before.id } },
              body: bodyOf(before, asked),
            })
          : api.POST("/api/v1/operational-webhook/endpoint", { body: asked }),
      );
    },
    onSuccess: async () => {
      done(before ? "The endpoint is saved" : "The endpoint is added");
      onClose();
      await refresh();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    store.mutate();
  };
  const turn = (name: string, on: boolean) =>
    setChosen([...(chosen ?? []).filter((one) => one !== name), ...(on ? [name] : [])]);
  return (
    <Dialog title={before ? "Edit operational endpoint" : "Add operational endpoint"} open onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label="Address"
          type="url"
          required
          placeholder="https://example.com/operations"
          hint={
            isPrivateAddress(url) ? (
              <span role="status" className="text-warn">
                An address of a private network: servers refuse to send there unless their setting net_allow names it.
              </span>
            ) : undefined
          }
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <Field label="Description" value={description} onChange={(event) => setDescription(event.target.value)} />
        <fieldset className="grid gap-3">
          <legend className="mb-1.5 font-medium">Events</legend>
          <div>
            <Segments
              label="Which events"
              value={chosen ? "some" : "all"}
              options={[
                ["all", "All events"],
                ["some", "Chosen events"],
              ]}
              onChange={(value) => setChosen(value === "all" ? null : [])}
            />
          </div>
          {chosen &&
            TYPES.map(([name, about]) => (
              <CheckField
                key={name}
                label={<code className="font-mono text-xs">{name}</code>}
                hint={about}
                checked={chosen.includes(name)}
                onChange={(on) => turn(name, on)}
              />
            ))}
        </fieldset>
        {store.isError && (
          <div className="-mx-4">
            <Failure error={store.error} />
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={store.isPending}>
            {before ? "Save" : "Add endpoint"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
