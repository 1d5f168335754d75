import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/search", page: lazily(() => import("./search-page"), "SearchPage") },
  { path: "/search/why", page: lazily(() => import("./rank-page"), "RankPage") },
];
