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
const LONGEST_NAME = 100;
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
  const { provider, name, token_warning, token_fields } = connector;
  const go = useGo();
  const [token, setToken] = useState("");
  const [values, setValues] = useState<Record<string, string>>({});
  const connect = useConnectByToken(provider);
  const fault = connect.error ? tokenFault(connect.error, name, token_fields) : {};
  const { label, placeholder, hint } = TOKEN_HINTS[provider] ?? ANY_TOOL;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const entered = { token: token.trim(), fields: values };
    connect.mutate(entered, {
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
          problem={fault.token}
        />
        {token_fields.map((field) => (
          <Field
            key={field.name}
            label={field.is_required ? field.label : `${field.label} (optional)`}
            autoComplete="off"
            spellCheck={false}
            required={field.is_required}
            maxLength={LONGEST_NAME}
            placeholder={field.placeholder}
            value={values[field.name] ?? ""}
            onChange={({ target }) => setValues({ ...values, [field.name]: target.value })}
            hint={field.hint}
            problem={fault.fields?.[field.name]}
          />
        ))}
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
