// One application in the console: its endpoints, messages, what may be sent to it, and the portal's links for its owner.

import { Pencil, Send, Trash2 } from "lucide-react";

import { Badge } from "../../components/ui/badge";
import { Button, IconButton } from "../../components/ui/button";
import { Confirm } from "../../components/ui/dialog";
import { useGo } from "../../components/ui/go";
import { Tabs } from "../../components/ui/tabs";
import { done } from "../../components/ui/toast";
import { usePageActions } from "../../lib/actions";
import { paths } from "../../lib/paths";
import { useUrl } from "../../lib/url";
import { ApplicationFigures } from "./application-figures";
import { ApplicationForm } from "./application-form";
import { Catalogue } from "./catalogue";
import type { Application } from "./client";
import { useRemove, useWebhooks } from "./context";
import { AddEndpoint, EndpointList } from "./endpoint-list";
import { Screen, ScrollArea, useGoAt } from "./frame";
import { InApplication, kindOf } from "./in-application";
import { MessageList } from "./message-list";
import { PortalLinks } from "./portal-links";

export function ApplicationPage() {
  return <InApplication>{(application) => <Known application={application} />}</InApplication>;
}

function Known({ application }: { application: Application }) {
  const url = useUrl();
  const goAt = useGoAt();
  const { can, places } = useWebhooks();
  const mayChange = can("ManageEndpoint");
  const tab = url.get("tab");
  const edit = () => url.set({ edit: "application" });
  const kind = kindOf(application);
  usePageActions([
    ...(mayChange ? [{ title: "Add endpoint", run: () => void goAt(places.newEndpoint) }] : []),
    ...(mayChange ? [{ title: "Send a message", run: () => void goAt(places.newMessage) }] : []),
    ...(mayChange ? [{ title: "Edit application", run: edit }] : []),
  ]);
  return (
    <Screen
      title={application.name}
      fills
      badges={
        <>
          {kind !== "customer" && <Badge tone="bronze">{kind}</Badge>}
          {application.throttleRate ? (
            <Badge title="Messages a second to each endpoint">{application.throttleRate}/s</Badge>
          ) : null}
          <ApplicationFigures application={application.id} />
        </>
      }
      lead={<code className="font-mono text-xs break-all">{application.uid ?? application.id}</code>}
      actions={
        mayChange && (
          <>
            <IconButton label="Edit application" onClick={edit}>
              <Pencil className="size-4" />
            </IconButton>
            {kind === "customer" && <Remove application={application} />}
            {tab === "messages" ? (
              <Button kind="primary" onClick={() => void goAt(places.newMessage)}>
                <Send aria-hidden className="size-4" />
                Send a message
              </Button>
            ) : (
              !tab && <AddEndpoint />
            )}
          </>
        )
      }
    >
      <Tabs
        label={application.name}
        fills
        tabs={[
          { key: "endpoints", title: "Endpoints", content: <EndpointList /> },
          { key: "messages", title: "Messages", content: <MessageList /> },
          {
            key: "catalogue",
            title: "Event catalogue",
            content: (
              <ScrollArea>
                <Catalogue />
              </ScrollArea>
            ),
          },
          {
            key: "portal",
            title: "Portal",
            content: (
              <ScrollArea>
                <PortalLinks />
              </ScrollArea>
            ),
          },
        ]}
      />
      {url.get("edit") === "application" && (
        <ApplicationForm application={application} onClose={() => url.set({ edit: undefined })} />
      )}
    </Screen>
  );
}

function Remove({ application }: { application: Application }) {
  const go = useGo();
  const remove = useRemove(
    ({ svix, app }) => svix.DELETE("/api/v1/app/{app}", { params: { path: { app } } }),
    async () => {
      await go(paths.applications);
      done(`${application.name} is deleted`);
    },
  );
  return (
    <Confirm
      trigger={
        <IconButton label="Delete application">
          <Trash2 className="size-4" />
        </IconButton>
      }
      title={`Delete ${application.name}?`}
      action="Delete application"
      onConfirm={remove}
    >
      <p>
        Its endpoints, messages and attempts are gone with it, and what waits to be sent is dropped. Links to its portal
        stop working.
      </p>
    </Confirm>
  );
}
