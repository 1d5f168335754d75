// Which page of the portal stands at which address.

import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";

import { EndpointForm } from "../features/webhooks/endpoint-form";
import { EndpointView } from "../features/webhooks/endpoint-page";
import { MessageView } from "../features/webhooks/message-page";
import { readSearch, writeSearch } from "../lib/url";
import { CataloguePage, EndpointsPage, MessagesPage } from "./pages";
import { PortalShell } from "./shell";

const root = createRootRoute({ component: PortalShell, notFoundComponent: EndpointsPage });
const at = <P extends string>(path: P, component: () => React.ReactNode) =>
  createRoute({ getParentRoute: () => root, path, component });

const routeTree = root.addChildren([
  at("/", EndpointsPage),
  at("/endpoints/new", EndpointForm),
  at("/endpoints/$endpoint", EndpointView),
  at("/endpoints/$endpoint/edit", EndpointForm),
  at("/messages", MessagesPage),
  at("/messages/$message", MessageView),
  at("/event-types", CataloguePage),
]);

export function portalRouter(query: URLSearchParams) {
  const router = createRouter({
    routeTree,
    basepath: "/portal",
    parseSearch: readSearch,
    stringifySearch: writeSearch,
  });
  // Only a path of our own: anything else would lead out of the portal.
  const next = query.get("next");
  if (next && /^\/[\w/-]*$/.test(next)) void router.navigate({ to: next });
  return router;
}
