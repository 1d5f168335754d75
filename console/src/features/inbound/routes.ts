import { type PageRoute, page } from "../../lib/page-route";

export const routes: PageRoute[] = [
  { path: "/deliveries", page: page(() => import("./deliveries-page"), "DeliveriesPage") },
  { path: "/integrations", page: page(() => import("./integrations-page"), "IntegrationsPage") },
  { path: "/integrations/$id", page: page(() => import("./source-page"), "SourcePage") },
];
