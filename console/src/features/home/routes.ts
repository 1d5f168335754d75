import { type PageRoute, page } from "../../lib/page-route";

export const routes: PageRoute[] = [{ path: "/home", page: page(() => import("./home-page"), "HomePage") }];
