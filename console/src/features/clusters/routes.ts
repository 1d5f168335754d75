import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/clusters", page: lazily(() => import("./clusters-page"), "ClustersPage") },
  { path: "/clusters/$id", page: lazily(() => import("./cluster-page"), "ClusterPage") },
];
