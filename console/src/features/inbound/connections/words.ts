// Connections in words: their badges, what their status means, their log, and why something was refused.

import type { Tone } from "../../../components/ui/tones";
import { ApiError } from "../../../lib/api";
import type {
  Connection,
  ConnectionData,
  ConnectionStatus,
  Connector,
  LogLine,
  Resource,
  TokenField,
} from "./connections";

export type BadgeWords = { title: string; tone: Tone };

const BADGES: Record<ConnectionStatus, BadgeWords> = {
  active: { title: "Connected", tone: "good" },
  degraded: { title: "Degraded", tone: "warn" },
  revoked: { title: "Reconnect", tone: "bad" },
  pending: { title: "Asked for", tone: "info" },
  suspended: { title: "Suspended", tone: "warn" },
  closing: { title: "Disconnecting", tone: "info" },
  closed: { title: "Disconnected", tone: "quiet" },
};
const AVAILABLE: BadgeWords = { title: "Available", tone: "info" };
const COMING_SOON: BadgeWords = { title: "Coming soon", tone: "quiet" };
/** Of several accounts, the one that needs somebody most gives the badge. */
const WORST_FIRST: ConnectionStatus[] = ["revoked", "suspended", "degraded", "active", "pending"];

export const badgeOf = ({ status }: Pick<Connection, "status">): BadgeWords => BADGES[status];

/** The badge of a tool, by the accounts of it that are connected. */
export function badgeOfConnector({ state }: Pick<Connector, "state">, connections: Pick<Connection, "status">[]) {
  if (state === "coming_soon") return COMING_SOON;
  const worst = WORST_FIRST.find((status) => connections.some((connection) => connection.status === status));
  return worst ? BADGES[worst] : AVAILABLE;
}

/** The account of a connection that is only asked for begins like this. */
const REQUEST = "request:";

/** True if no account was connected yet: an owner of it was asked. */
export const isRequest = ({ account_id }: Pick<Connection, "account_id">) => account_id.startsWith(REQUEST);

/** The name of a connection: that of the account, or of the request for one. */
export function nameOf(it: Pick<Connection, "account_id" | "account_label">): string {
  const name = it.account_label;
  return isRequest(it) ? name.charAt(0).toUpperCase() + name.slice(1) : name;
}

/** Tools at which an operator can register an OAuth application for this server. */
const WITH_CONSENT = new Set(["linear", "vercel"]);

export const canHaveConsent = (provider: string) => WITH_CONSENT.has(provider);

/** A status that is not well in words, and what follows from it; nothing for one that is well. */
export function troubleOf(status: ConnectionStatus, tool: string): { title: string; text: string } | undefined {
  switch (status) {
    case "active":
      return undefined;
    case "degraded":
      return {
        title: "Calls fail",
        text: "Several in a row have failed. Campanile tries again, up to once an hour, and recovers by itself.",
      };
    case "revoked":
      return {
        title: "Access lost",
        text: `${tool} no longer accepts the tokens. Nothing is read until the account is connected again.`,
      };
    case "suspended":
      return {
        title: "Suspended",
        text: `The owner of the account has suspended the app at ${tool}. Nothing is read until they resume it there.`,
      };
    case "pending":
      return {
        title: "Waiting for an owner",
        text: `An owner of the account has to approve the app at ${tool}. Then ${tool} tells this server, and it is connected; without webhooks, connect it here yourself.`,
      };
    case "closing":
      return {
        title: "Disconnecting",
        text: `Nothing uses it any more. Its tokens are ended at ${tool} and erased here within a minute.`,
      };
    case "closed":
      return {
        title: "Disconnected",
        text: "Its tokens and resources are erased. The same account can be connected again.",
      };
  }
}

/** The way in which an account was connected. */
export const wayInWords = (kind: Connection["kind"]): string =>
  ({ app: "an app that the account installed", oauth: "consent at the provider", token: "a token" })[kind];

/** The effect of disconnecting, before somebody does it. */
export function endInWords(it: Pick<Connection, "kind" | "account_id">, tool: string): string[] {
  if (isRequest(it))
    return [`The request is forgotten here. At ${tool} it stays until an owner decides on it, or takes it out.`];
  const atProvider = {
    app: `The app stays installed at ${tool} until the owner of the account uninstalls it there.`,
    oauth: `The access is ended at ${tool}, and its tokens are erased here within a minute. If ${tool} does not answer, the log says what is left there.`,
    token: `The token is erased here within a minute. It stays valid at ${tool}: whoever made it removes it there.`,
  }[it.kind];
  return [
    `Nothing uses the account from now on. ${atProvider}`,
    "This page and its log stay. The account can be connected again.",
  ];
}

/** The amount of data that an account has brought: "120 events, 3 documents and 1 delivery". */
export function amountInWords({ observations, documents, deliveries, has_more }: ConnectionData): string {
  const number = (value: number, one: string, many: string) =>
    `${value.toLocaleString("en")} ${value === 1 ? one : many}`;
  const all = [
    number(observations, "event", "events"),
    number(documents, "document", "documents"),
    number(deliveries, "delivery", "deliveries"),
  ];
  return `${has_more ? "At least " : ""}${all[0]}, ${all[1]} and ${all[2]}`;
}

/** The result of a check by hand, by the connection before and after it. A call that a limit held back is no failure. */
export function checkInWords(before: Connection, after: Connection, tool: string): { isGood: boolean; text: string } {
  if (after.failures > 0) {
    const times = after.failures === 1 ? "The last call failed." : `The last ${after.failures} calls failed.`;
    return { isGood: false, text: after.status_reason ?? times };
  }
  return after.last_seen_at === before.last_seen_at
    ? { isGood: false, text: `${tool} takes no more calls for now.` }
    : { isGood: true, text: `${tool} accepted the call` };
}

const EVENTS: Record<string, (tool: string) => string> = {
  data_deleted: () => "Data was deleted",
  requested: () => "Asked the owner of the account",
  connected: () => "Connected",
  degraded: () => "Calls fail",
  recovered: () => "Calls succeed again",
  revoked: (tool) => `${tool} refuses the tokens`,
  suspended: (tool) => `Suspended at ${tool}`,
  changed: (tool) => `Changed at ${tool}`,
  closing: () => "Disconnecting began",
  access_revoked: (tool) => `Access ended at ${tool}`,
  left_behind: (tool) => `Something is left at ${tool}`,
  erased: () => "Tokens and resources erased",
  closed: () => "Disconnected",
};
const EVENT_TONES: Record<string, Tone> = {
  connected: "good",
  recovered: "good",
  degraded: "warn",
  suspended: "warn",
  left_behind: "warn",
  revoked: "bad",
};

/** An event of the log; one that is not known here is called as the API calls it. */
export const eventInWords = ({ event }: Pick<LogLine, "event">, tool: string): string =>
  EVENTS[event]?.(tool) ?? event.replaceAll("_", " ");

export const toneOfEvent = ({ event }: Pick<LogLine, "event">): Tone => EVENT_TONES[event] ?? "quiet";

const CAUSES: Record<string, (tool: string) => string> = {
  person: () => "by somebody",
  provider: (tool) => `by an answer of ${tool}`,
  health: () => "by a check",
  system: () => "by Campanile",
};

export const causeInWords = ({ triggered_by }: Pick<LogLine, "triggered_by">, tool: string): string =>
  CAUSES[triggered_by]?.(tool) ?? triggered_by;

/** The badges of a resource. */
export function marksOf({ is_private, is_archived, status }: Resource): BadgeWords[] {
  return [
    ...(is_private ? [{ title: "Private", tone: "info" } as const] : []),
    ...(is_archived ? [{ title: "Archived", tone: "quiet" } as const] : []),
    ...(status === "active" ? [] : [{ title: "Not listed any more", tone: "warn" } as const]),
  ];
}

/** True if resources of a connection can be linked. */
export const isInUse = ({ status }: Pick<Connection, "status">) => status === "active" || status === "degraded";

/** A number of resources of a kind: "2 repositories". */
export const counted = (number: number, kind: string): string =>
  `${number} ${number === 1 ? kind : kind.replace(/y$/, "ie").concat("s")}`;

/** The calls that are left of a limit: "4,990 of 5,000". */
export function limitInWords({ limit_remaining, limit_total }: Connection): string | undefined {
  if (limit_remaining == null) return undefined;
  const left = limit_remaining.toLocaleString("en");
  return limit_total == null ? left : `${left} of ${limit_total.toLocaleString("en")}`;
}

/** The way to a token at each tool. */
export const TOKEN_HINTS: Record<string, { label: string; placeholder: string; hint: string }> = {
  github: {
    label: "Personal access token",
    placeholder: "github_pat_…",
    hint:
      "Made in GitHub under Settings → Developer settings → Personal access tokens, with read access to contents, " +
      "issues, metadata, pull requests and discussions.",
  },
  linear: {
    label: "Personal API key",
    placeholder: "lin_api_…",
    hint: "Made in Linear under Settings → Security & access → Personal API keys.",
  },
  notion: {
    label: "Secret of an internal integration",
    placeholder: "ntn_…",
    hint: "Made in Notion under Settings → Connections → Develop or manage integrations.",
  },
  vercel: {
    label: "Access token",
    placeholder: "vcp_…",
    hint: "Made in Vercel under Account Settings → Tokens, with the team as its scope.",
  },
  sentry: {
    label: "Token of an internal integration",
    placeholder: "sntrys_…",
    hint:
      "Made in Sentry under Settings → Developer Settings, as an internal integration that may read the organisation, " +
      "its projects and its issues and events.",
  },
  pagerduty: {
    label: "API key",
    placeholder: "",
    hint: "Made in PagerDuty under Integrations → API Access Keys. A read-only key is enough.",
  },
  gitlab: {
    label: "Access token",
    placeholder: "glpat-…",
    hint: "Made in GitLab under Settings → Access tokens of a group or a project, with the scope read_api.",
  },
};

type TokenFault = { token?: string; fields?: Record<string, string>; form?: string };

/** The reason why a token connected nothing: beside the token or the field that is at fault, else below the form. */
export function tokenFault(
  error: unknown,
  tool: string,
  fields: Pick<TokenField, "name" | "label">[] = [],
): TokenFault {
  const status = error instanceof ApiError ? error.status : 0;
  const sentence = (error as Error).message;
  switch (status) {
    case 400: {
      // The sentence begins with the name of the field.
      const field = fields.find(({ name }) => sentence.startsWith(`${name} `));
      if (field) return { fields: { [field.name]: field.label + sentence.slice(field.name.length) } };
      return /not accepted/.test(sentence)
        ? { token: `${tool} does not accept this token. It may be incomplete, or was revoked there.` }
        : { token: sentence };
    }
    case 403:
      return { form: "Only owners and managers connect tools." };
    case 409:
      return { form: "This account is being disconnected or connected by somebody else. Try again in a minute." };
    case 429:
      return { form: `${tool} takes no more calls for now. Try again in some minutes.` };
    case 503:
      return { form: `${tool} does not answer. Nothing was connected. Try again in a moment.` };
    default:
      return { form: sentence };
  }
}

/** Names as a list: "teams, projects and issues". */
export function listed(names: string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
