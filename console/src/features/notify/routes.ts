// The pages of Notify: what is sent, by what, to whom, and what became of it.

import { lazily, type PageRoute } from "../../lib/lazily";

export const routes: PageRoute[] = [
  { path: "/notify/inbox", page: lazily(() => import("./inbox-page"), "InboxPage") },
  { path: "/notify/preferences", page: lazily(() => import("./preferences-page"), "PreferencesPage") },
  { path: "/notify/workflows", page: lazily(() => import("./workflows/workflows-page"), "WorkflowsPage") },
  { path: "/notify/workflows/$key", page: lazily(() => import("./workflows/workflow-page"), "WorkflowPage") },
  { path: "/notify/templates", page: lazily(() => import("./documents/documents-page"), "TemplatesPage") },
  { path: "/notify/templates/layouts/$key", page: lazily(() => import("./documents/document-page"), "LayoutPage") },
  { path: "/notify/templates/partials/$key", page: lazily(() => import("./documents/document-page"), "PartialPage") },
  {
    path: "/notify/templates/translations/$key",
    page: lazily(() => import("./documents/document-page"), "TranslationPage"),
  },
  { path: "/notify/guides", page: lazily(() => import("./documents/documents-page"), "GuidesPage") },
  { path: "/notify/guides/$key", page: lazily(() => import("./documents/document-page"), "GuidePage") },
  { path: "/notify/channel-groups", page: lazily(() => import("./documents/documents-page"), "ChannelGroupsPage") },
  { path: "/notify/channel-groups/$key", page: lazily(() => import("./documents/document-page"), "ChannelGroupPage") },
  { path: "/notify/messages", page: lazily(() => import("./messages/messages-page"), "MessagesPage") },
  { path: "/notify/messages/$id", page: lazily(() => import("./messages/message-page"), "MessagePage") },
  { path: "/notify/runs", page: lazily(() => import("./runs/runs-page"), "RunsPage") },
  { path: "/notify/runs/$id", page: lazily(() => import("./runs/run-page"), "RunPage") },
  { path: "/notify/channels", page: lazily(() => import("./channels/channels-page"), "ChannelsPage") },
  { path: "/notify/channels/$key", page: lazily(() => import("./channels/channel-page"), "ChannelPage") },
  { path: "/notify/recipients", page: lazily(() => import("./recipients/recipients-page"), "RecipientsPage") },
  { path: "/notify/recipients/users/$id", page: lazily(() => import("./recipients/recipient-page"), "UserPage") },
  {
    path: "/notify/recipients/objects/$collection/$id",
    page: lazily(() => import("./recipients/recipient-page"), "ObjectPage"),
  },
  { path: "/notify/recipients/tenants/$id", page: lazily(() => import("./recipients/recipient-page"), "TenantPage") },
];
