// Which page of the portal stands at which address.

import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";

import { EndpointFormPage } from "../features/webhooks/endpoint-form";
import { EndpointPage } from "../features/webhooks/endpoint-page";
import { EndpointsPage } from "../features/webhooks/endpoints-page";
import { EventsPage } from "../features/webhooks/events-page";
import { MessagePage } from "../features/webhooks/message-page";
import { MessagesPage } from "../features/webhooks/messages-page";
import { PortalShell } from "./shell";

const root = createRootRoute({ component: PortalShell, notFoundComponent: EndpointsPage });
const at = <P extends string>(path: P, component: () => React.ReactNode) =>
  createRoute({ getParentRoute: () => root, path, component });

const routeTree = root.addChildren([
  at("/", EndpointsPage),
  at("/endpoints/new", EndpointFormPage),
  at("/endpoints/$endpoint", EndpointPage),
  at("/endpoints/$endpoint/edit", EndpointFormPage),
  at("/messages", MessagesPage),
  at("/messages/$message", MessagePage),
  at("/event-types", EventsPage),
]);

export function portalRouter(query: URLSearchParams) {
  const router = createRouter({ routeTree, basepath: "/portal" });
  // Only a path of our own: anything else would lead out of the portal.
  const next = query.get("next");
  if (next && /^\/[\w/-]*$/.test(next)) void router.navigate({ to: next });
  return router;
}
