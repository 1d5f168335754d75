// The pages of the engine.

import { type PageRoute, page } from "../../lib/page-route";

export const routes: PageRoute[] = [
  { path: "/engine/runs", page: page(() => import("./runs-page"), "RunsPage") },
  { path: "/engine/runs/$run", page: page(() => import("./run-page"), "RunPage") },
  { path: "/engine/jobs", page: page(() => import("./runs-page"), "JobsPage") },
  { path: "/engine/dead-letters", page: page(() => import("./dead-letters-page"), "DeadLettersPage") },
  { path: "/engine/workflows", page: page(() => import("./workflows-page"), "WorkflowsPage") },
];
