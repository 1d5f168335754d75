import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/settings/workspace", page: lazily(() => import("./workspace-page"), "WorkspacePage") },
  { path: "/settings/members", page: lazily(() => import("./members-page"), "MembersPage") },
  { path: "/settings/keys", page: lazily(() => import("./keys-page"), "KeysPage") },
  { path: "/settings/models", page: lazily(() => import("./models-page"), "ModelsPage") },
  { path: "/settings/assistants", page: lazily(() => import("./assistants-page"), "AssistantsPage") },
  { path: "/settings/sign-in", page: lazily(() => import("./sign-in-page"), "SignInSettingsPage") },
  { path: "/settings/system", page: lazily(() => import("./system-page"), "SystemPage") },
];
