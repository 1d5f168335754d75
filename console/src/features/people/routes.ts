import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/people", page: lazily(() => import("./people-page"), "PeoplePage") },
  { path: "/people/$id", page: lazily(() => import("./person-page"), "PersonPage") },
];
