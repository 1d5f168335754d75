import { type PageRoute, page } from "../../lib/page-route";

export const routes: PageRoute[] = [
  { path: "/docs", page: page(() => import("./docs-page"), "DocsPage") },
  { path: "/docs/$page", page: page(() => import("./docs-page"), "DocsPage") },
];
