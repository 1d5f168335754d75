import { type PageRoute, page } from "../../lib/page-route";

export const routes: PageRoute[] = [
  { path: "/observations", page: page(() => import("./observations-page"), "ObservationsPage") },
  { path: "/observations/$id", page: page(() => import("./observation-page"), "ObservationPage") },
];
