import { type PageRoute, page } from "../../lib/page-route";

export const routes: PageRoute[] = [
  { path: "/first-run", page: page(() => import("./first-run-page"), "FirstRunPage") },
];
