import { type PageRoute, page } from "../../lib/page-route";

export const routes: PageRoute[] = [{ path: "/activity", page: page(() => import("./activity-page"), "ActivityPage") }];
