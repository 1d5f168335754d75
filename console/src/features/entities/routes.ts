import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/entities", page: lazily(() => import("./entities-page"), "EntitiesPage") },
  { path: "/entities/$category/$key", page: lazily(() => import("./entity-page"), "EntityPage") },
];
