// A sample delivery to a source: sent by the browser where it can sign, and as lines for the shell.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Send } from "lucide-react";

import { ApiError } from "../lib/api";
import { asObject, asText } from "../lib/json";
import type { ProviderKey } from "../lib/providers";
import { canSign, sampleCurl, sendSample } from "../lib/sample";
import { isDeliverySource, useSources } from "../lib/sources";
import { Button } from "./ui/button";
import { Failure } from "./ui/page";
import { Snippet } from "./ui/snippet";
import { done } from "./ui/toast";

type SampleProps = { provider: ProviderKey; path: string; address: string; secret: string };

export function SendSample({ provider, path, secret, primary }: Omit<SampleProps, "address"> & { primary?: boolean }) {
  const queries = useQueryClient();
  const send = useMutation({
    mutationFn: async () => {
      const answer = await sendSample(provider, path, secret);
      if (answer.ok) return;
      const said = asObject(await answer.json().catch(() => undefined));
      throw new ApiError(
        answer.status,
        asText(said.message) ?? asText(said.error) ?? `The server answered ${answer.status}.`,
      );
    },
    onSuccess: () => {
      done("The sample was sent");
      void queries.invalidateQueries({ queryKey: ["delivery"] });
    },
  });
  if (!canSign()) return null;
  return (
    <>
      <Button kind={primary ? "primary" : "secondary"} busy={send.isPending} onClick={() => send.mutate()}>
        <Send aria-hidden className="size-4" />
        Send a sample delivery
      </Button>
      <Failure error={send.error} />
    </>
  );
}

export function SampleSnippet({
  provider,
  address,
  secret,
}: {
  provider: ProviderKey;
  address: string;
  secret?: string;
}) {
  return (
    <Snippet label="Send a sample delivery" tabs={[{ name: "curl", code: sampleCurl(provider, address, secret) }]} />
  );
}

/** For empty lists: the lines that make their first entry, where the workspace has a source of deliveries already. */
export function FirstSample() {
  const source = useSources().data?.find(isDeliverySource);
  if (!source) return null;
  const { provider, path } = source;
  return (
    <div className="grid gap-2 text-left">
      <p>Or send a sample from the shell, signed with the secret of the source /{path}:</p>
      <SampleSnippet provider={provider} address={`${location.origin}/api/ingest/${provider}/${path}`} />
    </div>
  );
}
