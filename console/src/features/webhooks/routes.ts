// The pages of webhooks in the console.

import { lazily, type PageRoute } from "../../lib/lazily";

const pages = () => import("./console-pages");

export const routes: PageRoute[] = [
  { path: "/webhooks/applications", page: lazily(() => import("./applications-page"), "ApplicationsPage") },
  { path: "/webhooks/applications/$app", page: lazily(() => import("./application-page"), "ApplicationPage") },
  { path: "/webhooks/applications/$app/endpoints/new", page: lazily(pages, "EndpointFormPage") },
  { path: "/webhooks/applications/$app/endpoints/$endpoint", page: lazily(pages, "EndpointPage") },
  { path: "/webhooks/applications/$app/endpoints/$endpoint/edit", page: lazily(pages, "EndpointFormPage") },
  { path: "/webhooks/applications/$app/messages/new", page: lazily(pages, "NewMessagePage") },
  { path: "/webhooks/applications/$app/messages/$message", page: lazily(pages, "MessagePage") },
  { path: "/webhooks/event-types", page: lazily(() => import("./event-types-page"), "EventTypesPage") },
  { path: "/webhooks/event-types/new", page: lazily(() => import("./event-type-page"), "NewEventTypePage") },
  { path: "/webhooks/event-types/$name", page: lazily(() => import("./event-type-page"), "EventTypePage") },
  { path: "/webhooks/operational", page: lazily(() => import("./operational-page"), "OperationalPage") },
];
