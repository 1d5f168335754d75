// Connects a tool that has apps: one is registered there, then it is installed on an account. Or somebody enters a token.

import { type FormEvent, type ReactNode, useState } from "react";

import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Confirm, Dialog, DialogActions } from "../../../components/ui/dialog";
import { Field } from "../../../components/ui/field";
import { Failure, Skeleton } from "../../../components/ui/page";
import { Segments } from "../../../components/ui/tabs";
import { done } from "../../../components/ui/toast";
import { useCan } from "../../../lib/role";
import { useUrl } from "../../../lib/url";
import { type Connector, useConnectors, useConsent } from "./connections";
import {
  type GithubApp,
  isOfServer,
  registrationFault,
  useForgetApp,
  useGithubApp,
  useRegisterApp,
} from "./github-app";
import { FormFault, TokenWarning } from "./parts";
import { Permissions } from "./permissions";
import { TokenDialog } from "./token-dialog";

/** The longest name of an organisation at GitHub. */
const LONGEST = 39;

/** The dialogs that the address asks for, for those who may connect tools. */
export function ConnectDialogs() {
  const url = useUrl();
  const can = useCan();
  const connectors = useConnectors();
  const connector = connectors.data?.find(
    ({ provider, has_own_app }) => has_own_app && provider === url.get("connect"),
  );
  return (
    <>
      {connector && can.configure && (
        <ConnectDialog connector={connector} onClose={() => url.set({ connect: undefined })} />
      )}
      <TokenDialog />
    </>
  );
}

function ConnectDialog({ connector, onClose }: { connector: Connector; onClose: () => void }) {
  const { provider, name, has_token, token_warning } = connector;
  const url = useUrl();
  const app = useGithubApp();
  return (
    <Dialog
      title={`Connect ${name}`}
      lead={`Nothing is written at ${name}. The repositories are chosen afterwards.`}
      open
      onClose={onClose}
    >
      <div className="grid gap-4">
        <Way
          title="With an app"
          badge={<Badge tone="good">Recommended</Badge>}
          lead="It belongs to nobody in person. The account chooses its repositories, and the tokens live for an hour."
        >
          {app.isPending && <Skeleton lines={2} />}
          {app.isError && <Failure error={app.error} onRetry={() => void app.refetch()} />}
          {app.data && <InstallApp app={app.data} provider={provider} name={name} />}
          {app.data === null && <RegisterApp name={name} />}
          <Permissions of={connector} />
        </Way>
        {has_token && (
          <Way title="With a token" lead="Somebody makes it at the provider, and enters it here.">
            {token_warning && <TokenWarning text={token_warning} />}
            <span>
              <Button onClick={() => url.set({ connect: undefined, token: provider })}>Use a token</Button>
            </span>
          </Way>
        )}
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
      </DialogActions>
    </Dialog>
  );
}

type WayProps = { title: string; badge?: ReactNode; lead: string; children: ReactNode };

function Way({ title, badge, lead, children }: WayProps) {
  return (
    <section aria-label={title} className="border-line grid min-w-0 gap-3 rounded-lg border p-4">
      <div>
        <span className="flex items-center gap-2">
          <h3 className="font-semibold">{title}</h3>
          {badge}
        </span>
        <p className="text-quiet">{lead}</p>
      </div>
      {children}
    </section>
  );
}

function RegisterApp({ name }: { name: string }) {
  const [owner, setOwner] = useState("organisation");
  const [organisation, setOrganisation] = useState("");
  const register = useRegisterApp();
  const fault = register.error ? registrationFault(register.error) : {};
  const submit = (event: FormEvent) => {
    event.preventDefault();
    register.mutate(owner === "organisation" ? organisation.trim() : undefined);
  };
  return (
    <form onSubmit={submit} className="grid gap-3">
      <div className="grid justify-items-start gap-1.5">
        <span className="font-medium">Account with the repositories</span>
        <Segments
          label="Account with the repositories"
          value={owner}
          options={[
            ["organisation", "An organisation"],
            ["person", "My own account"],
          ]}
          onChange={setOwner}
        />
      </div>
      {owner === "organisation" && (
        <Field
          label={`Organisation at ${name}`}
          required
          maxLength={LONGEST}
          autoComplete="off"
          spellCheck={false}
          placeholder="acme"
          value={organisation}
          onChange={({ target }) => setOrganisation(target.value)}
          hint="Its name as in its address. You have to be one of its owners."
          problem={fault.field}
        />
      )}
      <p className="text-quiet text-xs">
        {name} shows the app and its permissions, and you confirm them there. The app is private: only the account that
        owns it can install it.
      </p>
      {fault.form && <FormFault text={fault.form} />}
      <span>
        <Button type="submit" kind="primary" busy={register.isPending}>
          Create a {name} app
        </Button>
      </span>
    </form>
  );
}

function InstallApp({ app, provider, name }: { app: GithubApp; provider: string; name: string }) {
  const consent = useConsent();
  const isOwn = !isOfServer(app);
  return (
    <>
      <p>
        The app{" "}
        <a href={app.url} target="_blank" rel="noreferrer" className="text-bronze underline underline-offset-2">
          {app.slug}
        </a>{" "}
        {isOwn ? "is registered." : "serves everybody on this server."}
      </p>
      <p className="text-quiet text-xs">
        {name} asks for the account and its repositories. Somebody who may not install apps there asks an owner for it
        on the same page.
      </p>
      <span className="flex flex-wrap gap-2">
        <Button kind="primary" busy={consent.isPending} onClick={() => consent.mutate(provider)}>
          Install it
        </Button>
        {isOwn && <ForgetApp app={app} name={name} />}
      </span>
    </>
  );
}

function ForgetApp({ app, name }: { app: GithubApp; name: string }) {
  const forget = useForgetApp();
  const forgetIt = async () => {
    await forget();
    done(`The app ${app.slug} is forgotten`);
  };
  return (
    <Confirm
      trigger={<Button kind="danger">Forget it</Button>}
      title={`Forget the app ${app.slug}?`}
      action="Forget the app"
      onConfirm={forgetIt}
    >
      <p>
        Its keys are erased here, and another app can be registered. Accounts that it connects are disconnected first.
      </p>
      <p>It stays registered at {name} until somebody deletes it there.</p>
    </Confirm>
  );
}
