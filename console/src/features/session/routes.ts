import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/first-run", page: lazily(() => import("./first-run-page"), "FirstRunPage") },
];
