// Access tokens for an endpoint: where the server asks for them before it sends a message.

import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { Confirm } from "../../components/ui/dialog";
import { Field, SelectField } from "../../components/ui/field";
import { Facts, Failure, Panel, Skeleton } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import type { Schemas } from "../../lib/api";
import { useDo, useOptional, useWebhooks } from "./context";

type Oauth = Schemas["SvixOauth"];
type OauthIn = Schemas["SvixOauthIn"];

const GRANTS = [
  { value: "clientCredentials", title: "Client credentials" },
  { value: "refreshToken", title: "Refresh token" },
];
const METHODS = [
  { value: "clientSecretBasic", title: "In the Authorization header" },
  { value: "clientSecretPost", title: "In the body" },
];
const titleOf = (options: { value: string; title: string }[], value: string) =>
  options.find((option) => option.value === value)?.title ?? value;

export function OauthPanel({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  const [isOpen, setOpen] = useState(false);
  const known = useOptional(["endpoint", endpoint, "oauth"], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/oauth", { params: { path: { app, endpoint } } }),
  );
  const remove = useDo(
    ({ svix, app }) =>
      svix.DELETE("/api/v1/app/{app}/endpoint/{endpoint}/oauth", { params: { path: { app, endpoint } } }),
    () => done("No access tokens are asked for any more"),
  );
  const it = known.data;
  const mayChange = can("ManageEndpointSecret");
  return (
    <Panel
      title="OAuth 2"
      note="an access token with each message"
      actions={
        mayChange &&
        known.isSuccess &&
        !isOpen && (
          <>
            {it && (
              <Confirm
                trigger={
                  <Button size="sm" kind="danger">
                    Remove
                  </Button>
                }
                title="Remove the OAuth settings?"
                action="Remove"
                onConfirm={() => remove.mutateAsync()}
              >
                <p>Messages are sent without an access token from then on. The client's secret is gone.</p>
              </Confirm>
            )}
            <Button size="sm" onClick={() => setOpen(true)}>
              {it ? "Edit" : "Set up"}
            </Button>
          </>
        )
      }
    >
      {known.isPending && <Skeleton lines={1} />}
      <Failure error={known.error} onRetry={() => void known.refetch()} />
      {known.isSuccess && !it && !isOpen && (
        <p className="text-quiet p-4">Not set: messages are sent without an access token.</p>
      )}
      {it && !isOpen && (
        <Facts
          of={[
            ["Token address", it.tokenUrl],
            ["Grant", titleOf(GRANTS, it.grantType)],
            ["Client", it.clientId],
            ["Client secret", titleOf(METHODS, it.authMethod)],
            ["Scopes", it.scopes?.join(" ") ?? "none"],
          ]}
        />
      )}
      {isOpen && <OauthForm endpoint={endpoint} before={it ?? undefined} onClose={() => setOpen(false)} />}
    </Panel>
  );
}

function OauthForm({ endpoint, before, onClose }: { endpoint: string; before?: Oauth; onClose: () => void }) {
  const [asked, setAsked] = useState({
    tokenUrl: before?.tokenUrl ?? "",
    grantType: before?.grantType ?? ("clientCredentials" as OauthIn["grantType"]),
    authMethod: before?.authMethod ?? ("clientSecretBasic" as OauthIn["authMethod"]),
    clientId: before?.clientId ?? "",
    clientSecret: "",
    refreshToken: "",
    scopes: before?.scopes?.join(" ") ?? "",
  });
  const set = (change: Partial<typeof asked>) => setAsked({ ...asked, ...change });
  const store = useDo(
    ({ svix, app }) => {
      const scopes = asked.scopes.split(/\s+/).filter(Boolean);
      const body: OauthIn = {
        ...asked,
        clientSecret: asked.clientSecret || null,
        refreshToken: asked.refreshToken || null,
        scopes: scopes.length > 0 ? scopes : null,
        extraParams: before?.extraParams ?? undefined,
      };
      return svix.PUT("/api/v1/app/{app}/endpoint/{endpoint}/oauth", { params: { path: { app, endpoint } }, body });
    },
    () => {
      done("The OAuth settings are saved");
      onClose();
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    store.mutate();
  };
  const kept = before ? "Empty: the one that is known is kept, unless the token address changes." : undefined;
  return (
    <form onSubmit={submit} className="grid gap-4 p-4">
      <Field
        label="Token address"
        type="url"
        required
        autoFocus
        placeholder="https://auth.example.com/oauth/token"
        value={asked.tokenUrl}
        onChange={(event) => set({ tokenUrl: event.target.value })}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Grant"
          options={GRANTS}
          value={asked.grantType}
          onChange={(event) => set({ grantType: event.target.value as OauthIn["grantType"] })}
        />
        <SelectField
          label="Client secret is sent"
          options={METHODS}
          value={asked.authMethod}
          onChange={(event) => set({ authMethod: event.target.value as OauthIn["authMethod"] })}
        />
        <Field
          label="Client id"
          required
          value={asked.clientId}
          onChange={(event) => set({ clientId: event.target.value })}
        />
        <Field
          label="Client secret"
          type="password"
          autoComplete="off"
          hint={kept}
          value={asked.clientSecret}
          onChange={(event) => set({ clientSecret: event.target.value })}
        />
        {asked.grantType === "refreshToken" && (
          <Field
            label="Refresh token"
            type="password"
            autoComplete="off"
            hint={kept}
            value={asked.refreshToken}
            onChange={(event) => set({ refreshToken: event.target.value })}
          />
        )}
        <Field
          label="Scopes"
          hint="Separated by spaces."
          value={asked.scopes}
          onChange={(event) => set({ scopes: event.target.value })}
        />
      </div>
      {store.isError && (
        <div className="-mx-4">
          <Failure error={store.error} />
        </div>
      )}
      <p className="flex flex-wrap gap-2">
        <Button type="submit" kind="primary" busy={store.isPending}>
          Save
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </p>
    </form>
  );
}
