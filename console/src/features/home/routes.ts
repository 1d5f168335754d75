import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [{ path: "/home", page: lazily(() => import("./home-page"), "HomePage") }];
