import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [{ path: "/ask", page: lazily(() => import("./ask-page"), "AskPage") }];
