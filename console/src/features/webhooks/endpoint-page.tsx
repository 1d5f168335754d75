// One endpoint: how it does, what was tried, and everything that can be done about it.

import { Pencil, Power, PowerOff } from "lucide-react";

import { Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { Confirm } from "../../components/ui/dialog";
import { Failure, Skeleton } from "../../components/ui/page";
import { Tabs } from "../../components/ui/tabs";
import { Time } from "../../components/ui/time";
import { done, notDone } from "../../components/ui/toast";
import { usePageActions } from "../../lib/actions";
import { useUrl } from "../../lib/url";
import { AttemptList } from "./attempt-list";
import type { Endpoint, EndpointPatch } from "./client";
import { useDo, useEndpoint, usePart, useRead, useWebhooks } from "./context";
import { useDisabling } from "./disabling";
import { EndpointAdvanced } from "./endpoint-advanced";
import { EndpointOverview } from "./endpoint-overview";
import { EndpointTesting } from "./endpoint-testing";
import { Screen, ScrollArea, useGoAt } from "./frame";

export function EndpointView() {
  const id = usePart("endpoint") ?? "";
  const { places } = useWebhooks();
  const endpoint = useEndpoint(id);
  const back = { title: "Endpoints", place: places.endpoints };
  if (!endpoint.data) {
    return (
      <Screen title="Endpoint" back={back}>
        {endpoint.isPending ? (
          <Skeleton lines={6} />
        ) : (
          <Failure error={endpoint.error} onRetry={() => void endpoint.refetch()} />
        )}
      </Screen>
    );
  }
  return <Known endpoint={endpoint.data} back={back} />;
}

function Known({ endpoint, back }: { endpoint: Endpoint; back: { title: string; place: { to: string } } }) {
  const { can, host, places } = useWebhooks();
  const goAt = useGoAt();
  const url = useUrl();
  const mayChange = can("ManageEndpoint");
  const edit = () => void goAt(places.editEndpoint(endpoint.id));
  usePageActions([
    ...(mayChange ? [{ title: "Edit endpoint", run: edit }] : []),
    { title: "Attempts", run: () => url.set({ tab: "attempts" }) },
    { title: "Testing and recovery", run: () => url.set({ tab: "testing" }) },
    { title: "Secret, headers, transformation", run: () => url.set({ tab: "advanced" }) },
  ]);
  return (
    <Screen
      title={endpoint.url}
      lead={endpoint.description}
      back={back}
      fills
      badges={<Status word={endpoint.disabled ? "disabled" : "active"} />}
      actions={
        mayChange && (
          <>
            <EndpointSwitch endpoint={endpoint} />
            <Button onClick={edit}>
              <Pencil aria-hidden className="size-4" />
              Edit
            </Button>
          </>
        )
      }
    >
      {endpoint.disabled && <DisabledBanner endpoint={endpoint} />}
      <Tabs
        label="Endpoint"
        fills={host === "console"}
        tabs={[
          {
            key: "overview",
            title: "Overview",
            content: (
              <ScrollArea>
                <EndpointOverview endpoint={endpoint} />
              </ScrollArea>
            ),
          },
          { key: "attempts", title: "Attempts", content: <AttemptList endpoint={endpoint.id} /> },
          {
            key: "testing",
            title: "Testing",
            content: (
              <ScrollArea>
                <EndpointTesting endpoint={endpoint.id} />
              </ScrollArea>
            ),
          },
          {
            key: "advanced",
            title: "Advanced",
            content: (
              <ScrollArea>
                <EndpointAdvanced endpoint={endpoint} />
              </ScrollArea>
            ),
          },
        ]}
      />
    </Screen>
  );
}

function useSwitch(endpoint: Endpoint) {
  return useDo(
    ({ svix, app }, body: EndpointPatch) =>
      svix.PATCH("/api/v1/app/{app}/endpoint/{endpoint}", { params: { path: { app, endpoint: endpoint.id } }, body }),
    ({ disabled }) => done(disabled ? "The endpoint is disabled" : "The endpoint is enabled"),
  );
}

function EndpointSwitch({ endpoint }: { endpoint: Endpoint }) {
  const change = useSwitch(endpoint);
  if (endpoint.disabled) {
    return (
      <Button
        busy={change.isPending}
        onClick={() =>
          change.mutate({ disabled: false }, { onError: (error) => notDone("The endpoint is still disabled", error) })
        }
      >
        <Power aria-hidden className="size-4" />
        Enable
      </Button>
    );
  }
  return (
    <Confirm
      trigger={
        <Button>
          <PowerOff aria-hidden className="size-4" />
          Disable
        </Button>
      }
      title="Disable this endpoint?"
      action="Disable endpoint"
      onConfirm={() => change.mutateAsync({ disabled: true })}
    >
      <p>
        Nothing is sent to it until it is enabled again. What it misses meanwhile can be sent later: Testing, Replay
        missing.
      </p>
    </Confirm>
  );
}

function useNewestAttempt(endpoint: string, status?: number) {
  return useRead(["endpoint", endpoint, "newest attempt", status], ({ svix, app }) =>
    svix.GET("/api/v1/app/{app}/attempt/endpoint/{endpoint}", {
      params: { path: { app, endpoint }, query: { limit: 1, with_content: false, status } },
    }),
  );
}

/** Since when and why nothing is sent: from the trail, or as far as it can be seen from what was tried. */
function DisabledBanner({ endpoint }: { endpoint: Endpoint }) {
  const last = useNewestAttempt(endpoint.id);
  const good = useNewestAttempt(endpoint.id, 0);
  const [attempt, success] = [last.data?.data[0], good.data?.data[0]];
  const disabling = useDisabling(endpoint.id);
  return (
    <div role="status" className="border-warn/40 bg-warn-tint mx-4 mb-3 rounded-md border px-3 py-2 sm:mx-6">
      <p className="text-warn font-medium">Disabled: nothing is sent to this endpoint.</p>
      <p className="text-quiet text-xs">
        {disabling ? (
          <>
            Since <Time at={disabling.at} />, {disabling.reason ? `because ${disabling.reason}` : "by hand"}.{" "}
          </>
        ) : (
          <>
            Changed <Time at={endpoint.updatedAt} />.{" "}
          </>
        )}
        {attempt?.statusText === "fail" && (
          <>
            The newest attempt failed <Time at={attempt.timestamp} />
            {attempt.responseStatusCode ? ` with ${attempt.responseStatusCode}` : ""}.{" "}
          </>
        )}
        {success && (
          <>
            The last message was delivered <Time at={success.timestamp} />.
          </>
        )}
      </p>
    </div>
  );
}
