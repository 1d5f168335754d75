// A first source with a sample delivery, and the observation that it becomes.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { useEffect } from "react";

import { SampleSnippet, SendSample } from "../../components/sample-delivery";
import { Button, buttonLook } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { Go } from "../../components/ui/go";
import { Facts, Failure } from "../../components/ui/page";
import { api, data, type Schemas } from "../../lib/api";
import { readTitle } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { canSign } from "../../lib/sample";
import { useWorkspaceId } from "../../lib/url";

type Made = Schemas["SourceMade"];

export function FirstSource({ onDone }: { onDone: () => void }) {
  const workspace = useWorkspaceId();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () => data(api.POST("/api/sources", { body: { provider: "github", workspace } })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["source"] }),
  });
  if (make.data) return <Made made={make.data} onDone={onDone} />;
  return (
    <div className="grid gap-3">
      <p>
        A source is an address with a secret, to which a provider sends what happens. Make one for GitHub and send a
        sample to it, or connect a provider of yours.
      </p>
      {make.error && (
        <div className="-mx-4">
          <Failure error={make.error} />
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" busy={make.isPending} onClick={() => make.mutate()}>
          Make a source for GitHub
        </Button>
        <Go to={paths.integrations} className={buttonLook()}>
          Another provider
        </Go>
      </div>
    </div>
  );
}

function Made({ made, onDone }: { made: Made; onDone: () => void }) {
  const isElsewhere = new URL(made.url).origin !== location.origin;
  return (
    <div className="grid min-w-0 gap-3">
      <div className="-mx-4 -my-3">
        <Facts
          of={[
            ["Address", <Copied key="url" label="Copy the address" text={made.url} />],
            ["Secret", <Copied key="secret" label="Copy the secret" text={made.secret} />],
          ]}
        />
      </div>
      {isElsewhere && (
        <p className="bg-warn-tint text-warn rounded-md px-3 py-2">
          The server is set to {new URL(made.url).origin}, and you look at {location.origin}. If the former is wrong,
          set CAMPANILE_BASE_URL.
        </p>
      )}
      <p className="text-quiet">
        Enter both at GitHub (Settings, Webhooks, Add webhook, content type JSON), or send a sample. The secret is not
        shown again.
      </p>
      <div className="flex flex-wrap gap-2">
        <SendSample primary provider="github" path={made.path} secret={made.secret} />
        <Go to={paths.source(made.id)} search={{ tab: "set-up" }} className={buttonLook()}>
          All steps for GitHub
        </Go>
      </div>
      {!canSign() && <SampleSnippet provider="github" address={made.url} secret={made.secret} />}
      <FirstObservation source={made.id} onDone={onDone} />
    </div>
  );
}

function Copied({ text, label }: { text: string; label: string }) {
  return (
    <span className="flex items-start gap-1">
      <code className="min-w-0 font-mono text-xs break-all">{text}</code>
      <CopyButton iconOnly text={text} label={label} />
    </span>
  );
}

function FirstObservation({ source, onDone }: { source: string; onDone: () => void }) {
  const workspace = useWorkspaceId();
  const deliveries = useQuery({
    queryKey: ["delivery", "first", workspace, source],
    refetchInterval: 2_000,
    queryFn: async () =>
      (await data(api.GET("/api/deliveries", { params: { query: { workspace, source, limit: 20 } } }))).data,
  });
  const arrived = deliveries.data?.some(({ status }) => status === "processed") ?? false;
  const observation = useQuery({
    queryKey: ["observation", "first", workspace, arrived],
    enabled: arrived,
    queryFn: async () =>
      (await data(api.GET("/api/observations", { params: { query: { workspace, limit: 1 } } }))).data[0] ?? null,
  });
  useEffect(() => {
    if (arrived) onDone();
  }, [arrived, onDone]);
  const first = observation.data;
  return (
    <p
      role="status"
      className={arrived ? "bg-good-tint flex items-start gap-2 rounded-md px-3 py-2" : "text-quiet px-3 py-2"}
    >
      {arrived && <CircleCheck aria-hidden className="text-good mt-0.5 size-4 shrink-0" />}
      {first ? (
        <span className="min-w-0">
          It became your first observation:{" "}
          <Go to={paths.observation(first.id)} className="text-bronze underline">
            {readTitle(first).text}
          </Go>
          , significance {first.significance}.
        </span>
      ) : (
        "Waiting for the first delivery. This turns green by itself."
      )}
    </p>
  );
}
