// The handshake of a source of Notion: its address goes into Notion, Notion sends a token there, and the token goes back into Notion.

import { useMutation, useQueryClient } from "@tanstack/react-query";

import { Button } from "../../../components/ui/button";
import { Panel } from "../../../components/ui/page";
import { notDone } from "../../../components/ui/toast";
import { api, data } from "../../../lib/api";
import { providerName } from "../../../lib/providers";
import { useCan } from "../../../lib/role";
import type { Source } from "../../../lib/sources";
import { Value } from "../provider-steps";
import { addressOf } from "../sources";
import type { Upkeep } from "./words";

/** Tools that send a token before their webhooks. */
const WITH_TOKEN = ["notion"];

export const hasHandshake = ({ provider }: Pick<Source, "provider">) => WITH_TOKEN.includes(provider);

export function HandshakePanel({ source, upkeep }: { source: Source; upkeep: Upkeep }) {
  const can = useCan();
  const queries = useQueryClient();
  const tool = providerName(source.provider);
  const params = { path: { id: source.id } };
  const readAgain = () => void queries.invalidateQueries({ queryKey: ["source"] });
  const take = useMutation({
    mutationFn: () => data(api.POST("/api/sources/{id}/handshake/token", { params })),
    onSuccess: readAgain,
    onError: (error) => notDone("There is no token", error),
  });
  const again = useMutation({
    mutationFn: () => data(api.POST("/api/sources/{id}/handshake", { params })),
    onSuccess: readAgain,
    onError: (error) => notDone("It does not wait for a token", error),
  });
  return (
    <Panel title={`Webhooks of ${tool}`}>
      <ol className="grid list-decimal gap-3 p-4 pl-9">
        <li>
          In {tool}, open the integration’s settings, then <em>Webhooks</em>, and create a subscription with this
          address. One is enough for all sources of the account.
          <Value label="Address" text={addressOf(source)} />
        </li>
        <li>
          {take.data ? (
            <>
              Paste this token there. It is not shown again.
              <Value label="Token" text={take.data.token} />
            </>
          ) : (
            <Token state={upkeep.handshake} tool={tool} />
          )}
          {can.configure && !take.data && upkeep.handshake === "received" && (
            <Button className="mt-2" kind="primary" busy={take.isPending} onClick={() => take.mutate()}>
              Show the token
            </Button>
          )}
        </li>
        <li>Pages that are edited are read again within minutes then, and need no polls.</li>
      </ol>
      {can.configure && !upkeep.handshake && !take.data && (
        <div className="px-4 pb-4">
          <Button size="sm" busy={again.isPending} onClick={() => again.mutate()}>
            Wait for another token
          </Button>
        </div>
      )}
    </Panel>
  );
}

function Token({ state, tool }: { state: Upkeep["handshake"]; tool: string }) {
  if (state === "received") return <>{tool} has sent a token. It is shown once, to be pasted there.</>;
  if (state === "waiting") return <>{tool} sends a token to the address. It is awaited.</>;
  return <>A token was taken. Deliveries that are signed with it are accepted.</>;
}
