import { type PageRoute, page } from "../../lib/page-route";

export const routes: PageRoute[] = [
  { path: "/settings/workspace", page: page(() => import("./workspace-page"), "WorkspacePage") },
  { path: "/settings/members", page: page(() => import("./members-page"), "MembersPage") },
  { path: "/settings/keys", page: page(() => import("./keys-page"), "KeysPage") },
  { path: "/settings/sign-in", page: page(() => import("./sign-in-page"), "SignInSettingsPage") },
  { path: "/settings/system", page: page(() => import("./system-page"), "SystemPage") },
];
