// The secret with which messages to an endpoint are signed: hidden until it is asked for, and rotated with a day of both.

import { Eye, EyeOff, RotateCw } from "lucide-react";
import { useState } from "react";

import { Button, IconButton } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { Confirm } from "../../components/ui/dialog";
import { Failure, Panel } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { useDo, useRead, useWebhooks } from "./context";

export function SecretPanel({ endpoint }: { endpoint: string }) {
  const { can } = useWebhooks();
  const [shown, setShown] = useState(false);
  const secret = useRead(
    ["endpoint", endpoint, "secret"],
    ({ svix, app }) =>
      svix.GET("/api/v1/app/{app}/endpoint/{endpoint}/secret", { params: { path: { app, endpoint } } }),
    { enabled: shown },
  );
  const rotate = useDo(
    ({ svix, app }) =>
      svix.POST("/api/v1/app/{app}/endpoint/{endpoint}/secret/rotate", {
        params: { path: { app, endpoint } },
        body: {},
      }),
    () => done("The secret is rotated. The old one signs as well for 24 hours."),
  );
  return (
    <SecretView
      value={shown ? secret.data?.key : undefined}
      error={secret.error}
      maySee={can("ViewEndpointSecret")}
      onShow={setShown}
      isShown={shown}
      onRotate={can("ManageEndpointSecret") ? () => rotate.mutateAsync() : undefined}
    />
  );
}

type SecretViewProps = {
  value?: string;
  error: Error | null;
  isShown: boolean;
  maySee: boolean;
  onShow: (shown: boolean) => void;
  onRotate?: () => Promise<unknown>;
};

export function SecretView({ value, error, isShown, maySee, onShow, onRotate }: SecretViewProps) {
  return (
    <Panel
      title="Signing secret"
      note="receivers verify messages with it"
      actions={
        onRotate && (
          <Confirm
            trigger={
              <Button size="sm">
                <RotateCw aria-hidden className="size-3.5" />
                Rotate
              </Button>
            }
            title="Rotate the signing secret?"
            action="Rotate secret"
            onConfirm={onRotate}
          >
            <p>
              A new secret is made. For 24 hours messages are signed with both, so that the receiver can take over the
              new one. Then the old one is gone.
            </p>
          </Confirm>
        )
      }
    >
      {maySee ? (
        <div className="flex items-center gap-1 p-4">
          <code className="min-w-0 flex-1 font-mono text-xs break-all">
            {value ?? "whsec_••••••••••••••••••••••••••••••••"}
          </code>
          <IconButton label={isShown ? "Hide the secret" : "Show the secret"} onClick={() => onShow(!isShown)}>
            {isShown ? <EyeOff className="size-4" /> : <Eye className="size-4" />}
          </IconButton>
          {value && <CopyButton text={value} label="Copy" />}
        </div>
      ) : (
        <p className="text-quiet p-4">You may not see the secret.</p>
      )}
      <Failure error={error} />
    </Panel>
  );
}
