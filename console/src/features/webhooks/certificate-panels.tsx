// Mutual TLS: the certificate that the server shows to an endpoint, and the authority that must have issued the endpoint's own.

import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { Confirm } from "../../components/ui/dialog";
import { TextField } from "../../components/ui/field";
import { Failure, Panel, Skeleton } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { useDo, useOptional, useRead, useWebhooks } from "./context";

export function CertificatePanel({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  const known = useOptional(["endpoint", endpoint, "mtls"], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/mtls", { params: { path: { app, endpoint } } }),
  );
  const store = useDo(
    ({ svix, app }, identity: string) =>
      svix.PUT("/api/v1/app/{app}/endpoint/{endpoint}/mtls", {
        params: { path: { app, endpoint } },
        body: { identity },
      }),
    () => done("The client certificate is saved"),
  );
  const remove = useDo(
    ({ svix, app }) =>
      svix.DELETE("/api/v1/app/{app}/endpoint/{endpoint}/mtls", { params: { path: { app, endpoint } } }),
    () => done("The client certificate is removed"),
  );
  return (
    <PemPanel
      title="Client certificate"
      note="mutual TLS"
      label="Certificate and key, in PEM"
      placeholder={"-----BEGIN CERTIFICATE-----\n…\n-----BEGIN PRIVATE KEY-----"}
      known={known}
      text={
        known.data ? "Set. The certificate cannot be read again." : "Not set: no certificate is shown to the endpoint."
      }
      isSet={Boolean(known.data)}
      mayChange={can("ManageEndpointSecret")}
      onSave={(pem) => store.mutateAsync(pem)}
      onRemove={() => remove.mutateAsync()}
    />
  );
}

export function AuthorityPanel({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  const known = useRead(["endpoint", endpoint, "ca"], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/ca", { params: { path: { app, endpoint } } }),
  );
  const store = useDo(
    ({ svix, app }, cert: string | null) =>
      svix.PUT("/api/v1/app/{app}/endpoint/{endpoint}/ca", { params: { path: { app, endpoint } }, body: { cert } }),
    (_, cert) => done(cert ? "The certificate authority is saved" : "The certificate authority is removed"),
  );
  return (
    <PemPanel
      title="Certificate authority"
      note="of the endpoint's certificate"
      label="Certificate of the authority, in PEM"
      placeholder="-----BEGIN CERTIFICATE-----"
      known={known}
      text={known.data?.cert ?? "Not set: the endpoint's certificate is checked against the public authorities."}
      isSet={Boolean(known.data?.cert)}
      mayChange={can("ManageEndpointSecret")}
      onSave={(pem) => store.mutateAsync(pem)}
      onRemove={() => store.mutateAsync(null)}
    />
  );
}

type PemPanelProps = {
  title: string;
  note: string;
  label: string;
  placeholder: string;
  known: { isPending: boolean; isSuccess: boolean; error: Error | null; refetch: () => unknown };
  text: string;
  isSet: boolean;
  mayChange: boolean;
  onSave: (pem: string) => Promise<unknown>;
  onRemove: () => Promise<unknown>;
};

function PemPanel({ title, note, label, placeholder, known, text, isSet, mayChange, onSave, onRemove }: PemPanelProps) {
  const [pem, setPem] = useState<string>();
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await onSave(pem ?? "");
      setPem(undefined);
    } catch (error) {
      setError(error as Error);
    } finally {
      setBusy(false);
    }
  };
  const actions = mayChange && known.isSuccess && pem === undefined && (
    <>
      {isSet && (
        <Confirm
          trigger={
            <Button size="sm" kind="danger">
              Remove
            </Button>
          }
          title={`Remove the ${title.toLowerCase()}?`}
          action="Remove"
          onConfirm={onRemove}
        >
          <p>It is gone from the server; messages are sent without it from then on.</p>
        </Confirm>
      )}
      <Button size="sm" onClick={() => setPem("")}>
        {isSet ? "Replace" : "Set up"}
      </Button>
    </>
  );
  return (
    <Panel title={title} note={note} actions={actions}>
      {known.isPending && <Skeleton lines={1} />}
      <Failure error={known.error} onRetry={() => void known.refetch()} />
      {known.isSuccess && pem === undefined && (
        <p className="text-quiet max-h-40 overflow-y-auto p-4 break-all whitespace-pre-wrap">{text}</p>
      )}
      {pem !== undefined && (
        <form onSubmit={(event) => void save(event)} className="grid gap-3 p-4">
          <TextField
            label={label}
            required
            autoFocus
            rows={6}
            spellCheck={false}
            placeholder={placeholder}
            className="font-mono text-xs"
            value={pem}
            onChange={(event) => setPem(event.target.value)}
          />
          {error && (
            <div className="-mx-4">
              <Failure error={error} />
            </div>
          )}
          <p className="flex flex-wrap gap-2">
            <Button type="submit" kind="primary" busy={busy}>
              Save
            </Button>
            <Button onClick={() => setPem(undefined)}>Cancel</Button>
          </p>
        </form>
      )}
    </Panel>
  );
}
