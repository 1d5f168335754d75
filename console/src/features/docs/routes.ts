import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/docs", page: lazily(() => import("./docs-page"), "DocsPage") },
  { path: "/docs/$page", page: lazily(() => import("./docs-page"), "DocsPage") },
];
