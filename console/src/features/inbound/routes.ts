import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/deliveries", page: lazily(() => import("./deliveries-page"), "DeliveriesPage") },
  { path: "/integrations", page: lazily(() => import("./integrations-page"), "IntegrationsPage") },
  { path: "/integrations/$id", page: lazily(() => import("./integration-page"), "IntegrationPage") },
  { path: "/connect/done", page: lazily(() => import("./connections/connect-done-page"), "ConnectDonePage") },
];
