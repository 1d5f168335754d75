// Adds a source: its path and secret, then the steps at its provider, until the first delivery has arrived.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { SendSample } from "../../components/sample-delivery";
import { Button } from "../../components/ui/button";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { Field } from "../../components/ui/field";
import { useGo } from "../../components/ui/go";
import { Failure } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { api, data, type Schemas } from "../../lib/api";
import { paths } from "../../lib/paths";
import { type ProviderKey, providerName } from "../../lib/providers";
import { useWorkspaceId } from "../../lib/url";
import { FirstDelivery } from "./first-delivery";
import { ProviderSteps } from "./provider-steps";
import { setUpOf } from "./set-up";

type Made = Schemas["SourceMade"];

export function AddSource({ provider, onClose }: { provider: ProviderKey; onClose: () => void }) {
  const [made, setMade] = useState<Made>();
  const name = providerName(provider);
  return made ? (
    <Connect made={made} onClose={onClose} />
  ) : (
    <Dialog
      title={`Add ${name}`}
      lead={`A source is an address that ${name} sends its deliveries to.`}
      open
      onClose={onClose}
    >
      <Form provider={provider} onMade={setMade} onClose={onClose} />
    </Dialog>
  );
}

function Form({
  provider,
  onMade,
  onClose,
}: {
  provider: ProviderKey;
  onMade: (made: Made) => void;
  onClose: () => void;
}) {
  const workspace = useWorkspaceId();
  const queries = useQueryClient();
  const makesSecret = setUpOf(provider).makesSecret;
  const [path, setPath] = useState("");
  const [choice, setChoice] = useState("made");
  const [secret, setSecret] = useState("");
  const add = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/sources", {
          body: {
            provider,
            workspace,
            path: path.trim() || undefined,
            secret: choice === "given" ? secret.trim() : undefined,
          },
        }),
      ),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ["source"] });
      onMade(made);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field
        label="Path"
        placeholder="made up, if it is left empty"
        pattern="[A-Za-z0-9._~\-]+"
        title="Letters, digits, dots, dashes"
        value={path}
        onChange={(event) => setPath(event.target.value)}
        hint={
          <>
            The last part of the address:{" "}
            <code className="font-mono break-all">
              {location.origin}/api/ingest/{provider}/{path || "…"}
            </code>
          </>
        }
      />
      <div className="grid justify-items-start gap-1.5">
        <span className="font-medium">Secret</span>
        <Segments
          label="Secret"
          value={choice}
          options={[
            ["made", "Make one"],
            ["given", "I have one"],
          ]}
          onChange={setChoice}
        />
        {choice === "made" && (
          <p className="text-quiet text-xs">
            {makesSecret
              ? `${providerName(provider)} makes a secret of its own: you enter it in a later step.`
              : "It is shown once, to be entered at the provider."}
          </p>
        )}
      </div>
      {choice === "given" && (
        <Field
          label={`Secret that ${providerName(provider)} signs with`}
          type="password"
          autoComplete="off"
          required
          minLength={8}
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
          hint="At least eight characters."
        />
      )}
      {add.error && (
        <div className="-mx-4">
          <Failure error={add.error} />
        </div>
      )}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={add.isPending}>
          Add the source
        </Button>
      </DialogActions>
    </form>
  );
}

function Connect({ made, onClose }: { made: Made; onClose: () => void }) {
  const go = useGo();
  const provider = made.provider as ProviderKey;
  const source = { ...made, provider };
  return (
    <Dialog
      title={`Connect ${providerName(provider)}`}
      lead="The secret is not shown again after this window is closed."
      open
      onClose={onClose}
      wide
    >
      <div className="grid gap-4">
        <ProviderSteps source={source} address={made.url} secret={made.secret} />
        <FirstDelivery source={source} />
      </div>
      <DialogActions>
        <SendSample provider={provider} path={made.path} secret={made.secret} />
        <Button kind="primary" onClick={() => void go(paths.source(made.id))}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
