// The portal's own lists, each as a page; an application's other pages are the console's.

import { Catalogue } from "../features/webhooks/catalogue";
import { AddEndpoint, EndpointList } from "../features/webhooks/endpoint-list";
import { Screen } from "../features/webhooks/frame";
import { MessageList } from "../features/webhooks/message-list";

export function EndpointsPage() {
  return (
    <Screen
      title="Endpoints"
      lead="Where messages are sent, signed, until they are answered."
      actions={<AddEndpoint />}
    >
      <EndpointList />
    </Screen>
  );
}

export function MessagesPage() {
  return (
    <Screen title="Messages" lead="Every message, whichever endpoints it went to.">
      <MessageList />
    </Screen>
  );
}

export function CataloguePage() {
  return (
    <Screen title="Event catalogue" lead="What may be sent, with the shape of each payload.">
      <Catalogue />
    </Screen>
  );
}
