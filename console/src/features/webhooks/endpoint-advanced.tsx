// The settings of an endpoint beside its address: secret, headers, transformation, authentication; and its end.

import { Trash2 } from "lucide-react";

import { Button } from "../../components/ui/button";
import { Confirm } from "../../components/ui/dialog";
import { Panel } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { AuthorityPanel, CertificatePanel } from "./certificate-panels";
import type { Endpoint } from "./client";
import { useRemove, useWebhooks } from "./context";
import { useGoAt } from "./frame";
import { HeadersPanel } from "./headers-panel";
import { OauthPanel } from "./oauth-panel";
import { SecretPanel } from "./secret-panel";
import { TransformationPanel } from "./transformation-panel";

export function EndpointAdvanced({ endpoint }: { endpoint: Endpoint }) {
  const { can } = useWebhooks();
  return (
    <div className="grid max-w-4xl gap-4">
      <SecretPanel endpoint={endpoint.id} />
      <HeadersPanel endpoint={endpoint.id} />
      <TransformationPanel endpoint={endpoint.id} />
      <OauthPanel endpoint={endpoint.id} />
      <CertificatePanel endpoint={endpoint.id} />
      <AuthorityPanel endpoint={endpoint.id} />
      {can("ManageEndpoint") && <RemovePanel endpoint={endpoint} />}
    </div>
  );
}

function RemovePanel({ endpoint }: { endpoint: Endpoint }) {
  const { places } = useWebhooks();
  const goAt = useGoAt();
  const remove = useRemove(
    ({ svix, app }) =>
      svix.DELETE("/api/v1/app/{app}/endpoint/{endpoint}", { params: { path: { app, endpoint: endpoint.id } } }),
    async () => {
      await goAt(places.endpoints);
      done("The endpoint is deleted");
    },
  );
  return (
    <Panel title="Delete">
      <div className="flex flex-wrap items-center justify-between gap-3 p-4">
        <p className="text-quiet">The endpoint is gone for good, and what waits for it is dropped.</p>
        <Confirm
          trigger={
            <Button kind="danger">
              <Trash2 aria-hidden className="size-4" />
              Delete endpoint
            </Button>
          }
          title="Delete this endpoint?"
          action="Delete endpoint"
          onConfirm={remove}
        >
          <p className="break-all">{endpoint.url}</p>
          <p>Its attempts, secret and headers are gone with it. Messages that wait for it are not sent.</p>
        </Confirm>
      </div>
    </Panel>
  );
}
