// The pages of webhooks in the console.

import { type PageRoute, page } from "../../lib/page-route";

const pages = () => import("./console-pages");

export const routes: PageRoute[] = [
  { path: "/webhooks/applications", page: page(() => import("./applications-page"), "ApplicationsPage") },
  { path: "/webhooks/applications/$app", page: page(() => import("./application-page"), "ApplicationPage") },
  { path: "/webhooks/applications/$app/endpoints/new", page: page(pages, "EndpointFormPage") },
  { path: "/webhooks/applications/$app/endpoints/$endpoint", page: page(pages, "EndpointPage") },
  { path: "/webhooks/applications/$app/endpoints/$endpoint/edit", page: page(pages, "EndpointFormPage") },
  { path: "/webhooks/applications/$app/messages/new", page: page(pages, "NewMessagePage") },
  { path: "/webhooks/applications/$app/messages/$message", page: page(pages, "MessagePage") },
  { path: "/webhooks/event-types", page: page(() => import("./event-types-page"), "EventTypesPage") },
  { path: "/webhooks/event-types/new", page: page(() => import("./event-type-page"), "NewEventTypePage") },
  { path: "/webhooks/event-types/$name", page: page(() => import("./event-type-page"), "EventTypePage") },
  { path: "/webhooks/operational", page: page(() => import("./operational-page"), "OperationalPage") },
];
