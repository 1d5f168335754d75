// The buttons that connect an account of a tool: by consent at the provider, with a token, or in a dialog that offers an app.

import { Button } from "../../../components/ui/button";
import { useCan } from "../../../lib/role";
import { useUrl } from "../../../lib/url";
import { type Connector, useConsent } from "./connections";

/** The label of the button, and its full name for a tool. */
const LABELS = {
  first: { verb: "Connect", nameFor: (tool: string) => `Connect ${tool}` },
  again: { verb: "Reconnect", nameFor: (tool: string) => `Reconnect ${tool}` },
  another: { verb: "Connect another", nameFor: (tool: string) => `Connect another account of ${tool}` },
};

type ActionsProps = { connector: Connector; kind?: keyof typeof LABELS };

export function ConnectActions({ connector, kind = "first" }: ActionsProps) {
  const { provider, name, state, has_oauth, has_own_app, has_token } = connector;
  const can = useCan();
  const url = useUrl();
  const consent = useConsent();
  if (!can.configure || state !== "available") return null;
  const { verb, nameFor } = LABELS[kind];
  const openToken = () => url.set({ token: provider });
  if (has_own_app) {
    return (
      <Button
        kind={kind === "another" ? "secondary" : "primary"}
        aria-label={nameFor(name)}
        onClick={() => url.set({ connect: provider })}
      >
        {verb}
      </Button>
    );
  }
  return (
    <>
      {(has_oauth || has_token) && (
        <Button
          kind={kind === "another" ? "secondary" : "primary"}
          busy={consent.isPending}
          aria-label={nameFor(name)}
          onClick={() => (has_oauth ? consent.mutate(provider) : openToken())}
        >
          {verb}
        </Button>
      )}
      {has_oauth && has_token && (
        <Button aria-label={`${nameFor(name)} with a token`} onClick={openToken}>
          With a token
        </Button>
      )}
    </>
  );
}
