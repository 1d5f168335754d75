// The buttons that connect an account of a tool: by consent at the provider, or with a token.

import { Button } from "../../../components/ui/button";
import { useCan } from "../../../lib/role";
import { useUrl } from "../../../lib/url";
import { type Connector, useConsent } from "./connections";

export function ConnectActions({ connector, isAgain }: { connector: Connector; isAgain?: boolean }) {
  const { provider, name, state, has_oauth, has_token } = connector;
  const can = useCan();
  const url = useUrl();
  const consent = useConsent();
  if (!can.configure || state !== "available") return null;
  const verb = isAgain ? "Reconnect" : "Connect";
  const openToken = () => url.set({ token: provider });
  return (
    <>
      {(has_oauth || has_token) && (
        <Button
          kind="primary"
          busy={consent.isPending}
          aria-label={`${verb} ${name}`}
          onClick={() => (has_oauth ? consent.mutate(provider) : openToken())}
        >
          {verb}
        </Button>
      )}
      {has_oauth && has_token && (
        <Button aria-label={`${verb} ${name} with a token`} onClick={openToken}>
          With a token
        </Button>
      )}
    </>
  );
}
