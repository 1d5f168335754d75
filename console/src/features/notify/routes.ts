// The pages of Notify: what is sent, by what, to whom, and what became of it.

import { type PageRoute, page } from "../../lib/page-route";

export const routes: PageRoute[] = [
  { path: "/notify/inbox", page: page(() => import("./inbox-page"), "InboxPage") },
  { path: "/notify/preferences", page: page(() => import("./preferences-page"), "PreferencesPage") },
  { path: "/notify/workflows", page: page(() => import("./workflows/workflows-page"), "WorkflowsPage") },
  { path: "/notify/workflows/$key", page: page(() => import("./workflows/workflow-page"), "WorkflowPage") },
  { path: "/notify/templates", page: page(() => import("./documents/documents-page"), "TemplatesPage") },
  { path: "/notify/templates/layouts/$key", page: page(() => import("./documents/document-page"), "LayoutPage") },
  { path: "/notify/templates/partials/$key", page: page(() => import("./documents/document-page"), "PartialPage") },
  {
    path: "/notify/templates/translations/$key",
    page: page(() => import("./documents/document-page"), "TranslationPage"),
  },
  { path: "/notify/guides", page: page(() => import("./documents/documents-page"), "GuidesPage") },
  { path: "/notify/guides/$key", page: page(() => import("./documents/document-page"), "GuidePage") },
  { path: "/notify/channel-groups", page: page(() => import("./documents/documents-page"), "ChannelGroupsPage") },
  { path: "/notify/channel-groups/$key", page: page(() => import("./documents/document-page"), "ChannelGroupPage") },
  { path: "/notify/messages", page: page(() => import("./messages/messages-page"), "MessagesPage") },
  { path: "/notify/messages/$id", page: page(() => import("./messages/message-page"), "MessagePage") },
  { path: "/notify/runs", page: page(() => import("./runs/runs-page"), "RunsPage") },
  { path: "/notify/runs/$id", page: page(() => import("./runs/run-page"), "RunPage") },
  { path: "/notify/channels", page: page(() => import("./channels/channels-page"), "ChannelsPage") },
  { path: "/notify/channels/$key", page: page(() => import("./channels/channel-page"), "ChannelPage") },
  { path: "/notify/recipients", page: page(() => import("./recipients/recipients-page"), "RecipientsPage") },
  { path: "/notify/recipients/users/$id", page: page(() => import("./recipients/recipient-page"), "UserPage") },
  {
    path: "/notify/recipients/objects/$collection/$id",
    page: page(() => import("./recipients/recipient-page"), "ObjectPage"),
  },
  { path: "/notify/recipients/tenants/$id", page: page(() => import("./recipients/recipient-page"), "TenantPage") },
];
