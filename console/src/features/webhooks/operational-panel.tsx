// One operational endpoint beside the list: what it is told, its secret and headers, and its end.

import { useMutation, useQuery } from "@tanstack/react-query";
import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";

import { Badge, Code, Status } from "../../components/ui/badge";
import { Button, IconButton } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { DetailPanel } from "../../components/ui/detail-panel";
import { Confirm } from "../../components/ui/dialog";
import { Facts, Failure, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { done, notDone } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { isSame } from "../../lib/json";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import type { OperationalEndpoint } from "./client";
import { useRefresh } from "./context";
import { bodyOf } from "./operational-form";
import { Pairs, pairsOf, valuesOf } from "./pairs";
import { SecretView } from "./secret-panel";

const at = (endpoint: string) => ({ params: { path: { endpoint } } });

export function OperationalPanel({ id }: { id: string }) {
  const endpoint = useQuery({
    queryKey: ["webhooks", "operational", id],
    queryFn: () => data(api.GET("/api/v1/operational-webhook/endpoint/{endpoint}", at(id))),
  });
  if (endpoint.data) return <Known endpoint={endpoint.data} />;
  return (
    <DetailPanel title="Operational endpoint">
      {endpoint.isPending ? (
        <Skeleton lines={5} />
      ) : (
        <Failure error={endpoint.error} onRetry={() => void endpoint.refetch()} />
      )}
    </DetailPanel>
  );
}

function Known({ endpoint }: { endpoint: OperationalEndpoint }) {
  const url = useUrl();
  const { configure: mayConfigure } = useCan();
  return (
    <DetailPanel
      title={endpoint.url}
      badges={<Status word={endpoint.disabled ? "disabled" : "active"} />}
      actions={
        mayConfigure && (
          <IconButton label="Edit" onClick={() => url.set({ edit: endpoint.id })}>
            <Pencil className="size-4" />
          </IconButton>
        )
      }
    >
      <Facts
        of={[
          ["Description", endpoint.description || "none"],
          [
            "Events",
            endpoint.eventTypes ? (
              <span key="events" className="flex flex-wrap gap-1.5">
                {endpoint.eventTypes.map((name) => (
                  <Badge key={name}>{name}</Badge>
                ))}
              </span>
            ) : (
              "all"
            ),
          ],
          ["Created", <Time key="created" at={endpoint.createdAt} />],
          [
            "Id",
            <span key="id" className="flex items-center gap-1">
              <Code>{endpoint.id}</Code>
              <CopyButton iconOnly text={endpoint.id} label="Copy id" />
            </span>,
          ],
        ]}
      />
      {mayConfigure && (
        <div className="grid gap-4 px-4 pb-6">
          <Secret endpoint={endpoint.id} />
          <Headers endpoint={endpoint.id} />
          <End endpoint={endpoint} />
        </div>
      )}
    </DetailPanel>
  );
}

function Secret({ endpoint }: { endpoint: string }) {
  const [shown, setShown] = useState(false);
  const refresh = useRefresh();
  const secret = useQuery({
    queryKey: ["webhooks", "operational", endpoint, "secret"],
    queryFn: () => data(api.GET("/api/v1/operational-webhook/endpoint/{endpoint}/secret", at(endpoint))),
    enabled: shown,
  });
  const rotate = async () => {
    await data(
      api.POST("/api/v1/operational-webhook/endpoint/{endpoint}/secret/rotate", { ...at(endpoint), body: {} }),
    );
    done("The secret is rotated. The old one signs as well for 24 hours.");
    await refresh();
  };
  return (
    <SecretView
      value={shown ? secret.data?.key : undefined}
      error={secret.error}
      isShown={shown}
      maySee
      onShow={setShown}
      onRotate={rotate}
    />
  );
}

function Headers({ endpoint }: { endpoint: string }) {
  const headers = useQuery({
    queryKey: ["webhooks", "operational", endpoint, "headers"],
    queryFn: () => data(api.GET("/api/v1/operational-webhook/endpoint/{endpoint}/headers", at(endpoint))),
  });
  return (
    <Panel title="Headers" note="sent with each notice">
      {headers.isPending && <Skeleton lines={1} />}
      <Failure error={headers.error} onRetry={() => void headers.refetch()} />
      {headers.data && (
        <HeadersForm
          key={JSON.stringify(headers.data)}
          endpoint={endpoint}
          before={headers.data.headers}
          sensitive={headers.data.sensitive}
        />
      )}
    </Panel>
  );
}

function HeadersForm({
  endpoint,
  before,
  sensitive,
}: {
  endpoint: string;
  before: Record<string, string>;
  sensitive: string[];
}) {
  const [pairs, setPairs] = useState(pairsOf(before));
  const refresh = useRefresh();
  const store = useMutation({
    mutationFn: () =>
      data(
        api.PUT("/api/v1/operational-webhook/endpoint/{endpoint}/headers", {
          ...at(endpoint),
          body: { headers: valuesOf(pairs) },
        }),
      ),
    onSuccess: async () => {
      done("The headers are saved");
      await refresh();
    },
  });
  const isChanged = !isSame(valuesOf(pairs), before);
  return (
    <div className="grid gap-3 p-4">
      <Pairs label="Names and values" one="header" pairs={pairs} onChange={setPairs} />
      {sensitive.length > 0 && (
        <p className="text-quiet text-xs">
          Not shown, and removed unless they are given again: {sensitive.join(", ")}.
        </p>
      )}
      {store.isError && <Failure error={store.error} />}
      {isChanged && (
        <p>
          <Button kind="primary" size="sm" busy={store.isPending} onClick={() => store.mutate()}>
            Save headers
          </Button>
        </p>
      )}
    </div>
  );
}

function End({ endpoint }: { endpoint: OperationalEndpoint }) {
  const url = useUrl();
  const refresh = useRefresh();
  const change = useMutation({
    mutationFn: (disabled: boolean) =>
      data(
        api.PUT("/api/v1/operational-webhook/endpoint/{endpoint}", {
          ...at(endpoint.id),
          body: bodyOf(endpoint, { disabled }),
        }),
      ),
    onSuccess: async ({ disabled }) => {
      done(disabled ? "The endpoint is disabled" : "The endpoint is enabled", () => change.mutate(!disabled));
      await refresh();
    },
    onError: (error) => notDone("Nothing has changed", error),
  });
  const remove = async () => {
    await data(api.DELETE("/api/v1/operational-webhook/endpoint/{endpoint}", at(endpoint.id)));
    url.set({ open: undefined });
    done("The endpoint is deleted");
    await refresh();
  };
  return (
    <p className="flex flex-wrap gap-2">
      <Button busy={change.isPending} onClick={() => change.mutate(!endpoint.disabled)}>
        {endpoint.disabled ? "Enable" : "Disable"}
      </Button>
      <Confirm
        trigger={
          <Button kind="danger">
            <Trash2 aria-hidden className="size-4" />
            Delete
          </Button>
        }
        title="Delete this endpoint?"
        action="Delete endpoint"
        onConfirm={remove}
      >
        <p className="break-all">{endpoint.url}</p>
        <p>Its secret and headers are gone with it, and notices that wait for it are not sent.</p>
      </Confirm>
    </p>
  );
}
