// The records of the activity trail in words, and where what they are about is seen.

import type { Schemas } from "../../lib/api";
import { words } from "../../lib/format";
import { asObject, asText } from "../../lib/json";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";

export type Activity = Schemas["PageView_Activity"]["data"][number];

const ACTIONS: Record<string, string> = {
  "organisation.created": "Created the organisation",
  "workspace.created": "Created a workspace",
  "workspace.updated": "Changed a workspace",
  "member.added": "Added a member",
  "member.invited": "Invited a member",
  "member.joined": "Joined",
  "member.updated": "Changed a member's role",
  "member.removed": "Removed a member",
  "invitation.declined": "Declined an invitation",
  "password.changed": "Changed their password",
  "password.reset": "Set a member's password",
  "key.created": "Created a key",
  "key.revoked": "Revoked a key",
  "session.created": "Signed in",
  "session.ended": "Ended a session",
  "sign_in_link.sent": "Sent a sign-in link",
  "source.created": "Added a source",
  "source.linked": "Linked a resource of a tool",
  "source.secret_rotated": "Rotated a source's secret",
  "source.deleted": "Removed a source",
  "source.configuration_found": "Found the configuration of a repository",
  "source.sync_requested": "Asked for a sync of documents",
  "source.sync_completed": "Synced documents",
  "source.sync_failed": "Could not sync documents",
  "repositories.disconnected": "Disconnected repositories",
  "connection.requested": "Asked for a tool to be connected",
  "connection.connected": "Connected a tool",
  "connection.degraded": "Could not reach a connected tool",
  "connection.recovered": "Reached a connected tool again",
  "connection.revoked": "Lost the access to a connected tool",
  "connection.suspended": "Found a connected tool suspended",
  "connection.disconnected": "Disconnected a tool",
  "connection.closed": "Erased the access to a tool",
  "backfill.started": "Began to bring a tool's history along",
  "backfill.cancelled": "Cancelled bringing a tool's history along",
  "backfill.finished": "Finished bringing a tool's history along",
  "connector_app.registered": "Registered an app at a tool",
  "connector_app.removed": "Removed an app at a tool",
  "delivery.reopened": "Processed a delivery again",
  "document.created": "Added a document",
  "document.updated": "Changed a document",
  "document.deleted": "Deleted a document",
  "suppression.created": "Suppressed an address",
  "suppression.deleted": "Removed a suppression",
  "application.created": "Created an application",
  "application.updated": "Changed an application",
  "application.deleted": "Deleted an application",
  "endpoint.created": "Created an endpoint",
  "endpoint.updated": "Changed an endpoint",
  "endpoint.deleted": "Deleted an endpoint",
  "endpoint.disabled": "Disabled an endpoint",
  "endpoint.secret_rotated": "Rotated an endpoint's secret",
  "channel.updated": "Changed a channel",
  "channel.deleted": "Deleted a channel",
  "resource.updated": "Changed a resource",
  "resource.committed": "Committed a resource",
  "resource.activated": "Activated a resource",
  "resource.deactivated": "Deactivated a resource",
  "resource.deleted": "Deleted a resource",
  "resources.committed": "Committed all changes",
  "answer_session.deleted": "Deleted a conversation",
  "memory_settings.updated": "Changed the models of a workspace",
  "person.merged": "Joined people",
  "person.split": "Split a person",
  "person.kept_apart": "Said that two people are different",
};

export const ACTION_NAMES = Object.keys(ACTIONS);

/** An action that is not known here is still read. */
export function actionInWords(action: string): string {
  const text = ACTIONS[action] ?? words(action.replaceAll(".", ": "));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export type Names = { members: Map<string, string>; keys: Map<string, string> };

export function actorInWords({ actor_kind, actor_id }: Activity, { members, keys }: Names): string {
  switch (actor_kind) {
    case "person":
      return members.get(actor_id) ?? "A former member";
    case "key":
      return `Key ${keys.get(actor_id) ? `“${keys.get(actor_id)}”` : shortId(actor_id)}`;
    case "application":
      return `Portal of ${shortId(actor_id)}`;
    default:
      return "Campanile";
  }
}

export const shortId = (id: string) => (id.length > 16 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id);

/** The subject of a record, and where it is seen. */
export function subjectOf(
  { action, subject_id, metadata }: Activity,
  { members, keys }: Names,
): { title: string; to?: string } {
  const about = asObject(metadata);
  const text = (name: string) => asText(about[name]);
  const [kind] = action.split(".");
  switch (kind) {
    case "source": {
      const provider = text("provider");
      const title = provider
        ? `${providerName(provider)}${text("name") ? ` ${text("name")}` : text("path") ? ` /${text("path")}` : ""}`
        : shortId(subject_id);
      return { title, to: action === "source.deleted" ? paths.integrations : paths.source(subject_id) };
    }
    case "connection": {
      const named = [text("provider") && providerName(text("provider") ?? ""), text("account")];
      return { title: named.filter(Boolean).join(" ") || shortId(subject_id), to: paths.connection(subject_id) };
    }
    case "backfill": {
      const connection = text("connection");
      const named = [text("provider") && providerName(text("provider") ?? ""), text("account")];
      return {
        title: named.filter(Boolean).join(" ") || shortId(subject_id),
        ...(connection ? { to: paths.connection(connection) } : {}),
      };
    }
    case "document":
      return {
        title: text("title") ?? shortId(subject_id),
        to: action === "document.deleted" ? paths.documents : paths.document(subject_id),
      };
    case "person":
      return { title: subject_id, to: paths.person(subject_id) };
    case "delivery":
      return { title: shortId(subject_id), to: `${paths.deliveries}?open=${encodeURIComponent(subject_id)}` };
    case "member":
    case "password":
    case "session":
    case "sign_in_link":
    case "invitation":
      return { title: members.get(subject_id) ?? text("email") ?? shortId(subject_id), to: paths.members };
    case "key":
      return { title: text("name") ?? keys.get(subject_id) ?? shortId(subject_id), to: paths.keys };
    case "workspace":
      return { title: text("name") ?? shortId(subject_id), to: paths.workspaceSettings };
    case "application":
      return {
        title: text("name") ?? shortId(subject_id),
        to: action === "application.deleted" ? paths.applications : paths.application(subject_id),
      };
    case "endpoint": {
      const app = text("application") ?? text("app") ?? text("application_id");
      return {
        title: text("url") ?? shortId(subject_id),
        to: app ? paths.endpoint(app, subject_id) : paths.applications,
      };
    }
    case "channel":
      return { title: text("key") ?? subject_id, to: paths.channels };
    case "resource": {
      const key = text("key") ?? subject_id;
      return {
        title: key,
        to: text("kind") === "workflow" || text("type") === "workflow" ? paths.workflow(key) : undefined,
      };
    }
    default:
      return { title: shortId(subject_id) };
  }
}
