import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/observations", page: lazily(() => import("./observations-page"), "ObservationsPage") },
  { path: "/observations/$id", page: lazily(() => import("./observation-page"), "ObservationPage") },
];
