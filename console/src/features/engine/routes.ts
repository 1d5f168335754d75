// The pages of the engine.

import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/engine/runs", page: lazily(() => import("./runs-page"), "RunsPage") },
  { path: "/engine/runs/$run", page: lazily(() => import("./run-page"), "RunPage") },
  { path: "/engine/jobs", page: lazily(() => import("./runs-page"), "JobsPage") },
  { path: "/engine/dead-letters", page: lazily(() => import("./dead-letters-page"), "DeadLettersPage") },
  { path: "/engine/workflows", page: lazily(() => import("./workflows-page"), "WorkflowsPage") },
];
