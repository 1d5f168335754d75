import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/activity", page: lazily(() => import("./activity-page"), "ActivityPage") },
];
