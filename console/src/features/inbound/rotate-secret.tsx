// Replaces a source's secret. The one before stays valid for a day, unless it has leaked.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { CheckField, Field } from "../../components/ui/field";
import { Failure } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { api, data } from "../../lib/api";
import { providerName } from "../../lib/providers";
import type { Source } from "../../lib/sources";
import { Value } from "./provider-steps";

export function RotateSecret({ source, onClose }: { source: Source; onClose: () => void }) {
  const queries = useQueryClient();
  const [choice, setChoice] = useState("made");
  const [secret, setSecret] = useState("");
  const [leaked, setLeaked] = useState(false);
  const rotate = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/sources/{id}/rotate", {
          params: { path: { id: source.id } },
          body: { secret: choice === "given" ? secret.trim() : undefined, overlap: !leaked },
        }),
      ),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["source"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rotate.mutate();
  };
  const name = providerName(source.provider);
  if (rotate.data) {
    return (
      <Dialog title="The secret is replaced" lead="It is not shown again." open onClose={onClose}>
        <p>
          Enter it at {name}
          {leaked ? " now: the one before is refused already." : " within a day: until then, both are accepted."}
        </p>
        <Value label="Secret" text={rotate.data.secret} />
        <DialogActions>
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title="Rotate the secret" lead={`Deliveries of ${name} are verified with it.`} open onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <Segments
          label="New secret"
          value={choice}
          options={[
            ["made", "Make one"],
            ["given", "I have one"],
          ]}
          onChange={setChoice}
        />
        {choice === "given" && (
          <Field
            label="New secret"
            type="password"
            autoComplete="off"
            required
            minLength={8}
            value={secret}
            onChange={(event) => setSecret(event.target.value)}
            hint="At least eight characters."
          />
        )}
        <CheckField
          label="Refuse the old secret at once"
          hint="If it has leaked. Otherwise it is accepted for 24 more hours, so that no delivery is lost."
          checked={leaked}
          onChange={setLeaked}
        />
        {rotate.error && (
          <div className="-mx-4">
            <Failure error={rotate.error} />
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={rotate.isPending}>
            Rotate
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
