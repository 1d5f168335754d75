// Connects an account with a token. The tool is asked first: a token that it refuses connects nothing.

import { type FormEvent, useState } from "react";

import { Button } from "../../../components/ui/button";
import { Dialog, DialogActions } from "../../../components/ui/dialog";
import { Field } from "../../../components/ui/field";
import { useGo } from "../../../components/ui/go";
import { done } from "../../../components/ui/toast";
import { paths } from "../../../lib/paths";
import { useCan } from "../../../lib/role";
import { useUrl } from "../../../lib/url";
import { type Connector, useConnectByToken, useConnectors } from "./connections";
import { FormFault, TokenWarning } from "./parts";
import { Permissions } from "./permissions";
import { TOKEN_HINTS, tokenFault } from "./words";

const LONGEST = 4_096;
const ANY_TOOL = { label: "Token", placeholder: "", hint: "Made at the provider." };

/** The dialog that the address asks for, for those who may connect tools. */
export function TokenDialog() {
  const url = useUrl();
  const can = useCan();
  const connectors = useConnectors();
  const connector = connectors.data?.find(({ provider, has_token }) => has_token && provider === url.get("token"));
  if (!connector || !can.configure) return null;
  return <TokenForm key={connector.provider} connector={connector} onClose={() => url.set({ token: undefined })} />;
}

function TokenForm({ connector, onClose }: { connector: Connector; onClose: () => void }) {
  const { provider, name, token_warning } = connector;
  const go = useGo();
  const [token, setToken] = useState("");
  const connect = useConnectByToken(provider);
  const fault = connect.error ? tokenFault(connect.error, name) : {};
  const { label, placeholder, hint } = TOKEN_HINTS[provider] ?? ANY_TOOL;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    connect.mutate(token.trim(), {
      onSuccess: ({ id, account_label }) => {
        done(`${account_label} of ${name} is connected`);
        void go(paths.connection(id));
      },
    });
  };
  return (
    <Dialog
      title={`Connect ${name} with a token`}
      lead="The token is tried first, and stored encrypted. It is not shown again."
      open
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label={label}
          type="password"
          autoComplete="off"
          required
          maxLength={LONGEST}
          placeholder={placeholder}
          value={token}
          onChange={({ target }) => setToken(target.value)}
          hint={hint}
          problem={fault.field}
        />
        {token_warning && <TokenWarning text={token_warning} />}
        <Permissions of={connector} />
        {fault.form && <FormFault text={fault.form} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={connect.isPending}>
            Connect
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
