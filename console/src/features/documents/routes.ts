import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/documents", page: lazily(() => import("./documents-page"), "DocumentsPage") },
  { path: "/documents/$id", page: lazily(() => import("./document-page"), "DocumentPage") },
];
