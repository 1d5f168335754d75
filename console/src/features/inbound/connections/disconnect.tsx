// Disconnects an account: a dialog says what happens, and asks whether what it has brought is kept or deleted.

import { Unplug } from "lucide-react";
import { useState } from "react";

import { Button } from "../../../components/ui/button";
import { Confirm } from "../../../components/ui/dialog";
import { CheckField } from "../../../components/ui/field";
import { providerName } from "../../../lib/providers";
import { type Connection, useConnectionData, useDisconnect } from "./connections";
import { amountInWords, endInWords, isRequest } from "./words";

export function Disconnect({ it }: { it: Connection }) {
  const tool = providerName(it.provider);
  const disconnect = useDisconnect(it.id);
  const isWaiting = isRequest(it);
  const [deletesData, setDeletesData] = useState(false);
  const [uninstalls, setUninstalls] = useState(false);
  return (
    <Confirm
      trigger={
        <Button kind="danger">
          <Unplug aria-hidden className="size-4" />
          {isWaiting ? "Take it back" : "Disconnect"}
        </Button>
      }
      title={isWaiting ? `Take back the request at ${tool}?` : `Disconnect ${it.account_label} of ${tool}?`}
      action={isWaiting ? "Take it back" : "Disconnect the account"}
      onConfirm={() => disconnect({ delete_data: deletesData, uninstall: uninstalls })}
    >
      {endInWords(it, tool).map((text) => (
        <p key={text}>{text}</p>
      ))}
      {!isWaiting && <DataChoice id={it.id} checked={deletesData} onChange={setDeletesData} />}
      {!isWaiting && it.kind === "app" && (
        <CheckField
          label={`Uninstall the app at ${tool} too`}
          hint="Otherwise the owner of the account does it there. Others may use the same installation."
          checked={uninstalls}
          onChange={setUninstalls}
        />
      )}
    </Confirm>
  );
}

type DataChoiceProps = { id: string; checked: boolean; onChange: (checked: boolean) => void };

/** The choice to delete what an account has brought, with how much that is. It is counted while the dialog is open. */
function DataChoice({ id, checked, onChange }: DataChoiceProps) {
  const amount = useConnectionData(id, true);
  return (
    <CheckField
      label="Delete what it has brought"
      hint={`${amount.data ? amountInWords(amount.data) : "It is being counted"}. Otherwise all of it stays, and search finds it as before.`}
      checked={checked}
      onChange={onChange}
    />
  );
}
