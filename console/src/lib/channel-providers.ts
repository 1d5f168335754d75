// The providers that channels can go through, and what each is set up with.

import type { Schemas } from "./api";
import { CHANNEL_NAMES } from "./knock";

export type ChannelType = Schemas["KnockChannelSpec"]["type"];
export type ProviderField = {
  name: string;
  label: string;
  /** A secret is never shown again. */
  kind: "secret" | "text" | "email" | "area" | "choice";
  hint?: string;
  placeholder?: string;
  required?: boolean;
  options?: { value: string; title: string }[];
  /** Set by few: shown below "More". */
  more?: boolean;
};
export type Provider = { key: string; type: ChannelType; title: string; about: string; fields: ProviderField[] };

const base = (credentials: string): ProviderField => ({
  name: "base_url",
  label: "Address of the provider",
  kind: "text",
  more: true,
  placeholder: "https://gateway.example.com",
  hint: `For a gateway of your own. It can be changed only together with ${credentials}.`,
});
const SENDER: ProviderField[] = [
  { name: "from_address", label: "Sender's address", kind: "email", placeholder: "bell@example.com" },
  { name: "from_name", label: "Sender's name", kind: "text", placeholder: "Example" },
];

export const PROVIDERS: Provider[] = [
  {
    key: "email_smtp",
    type: "email",
    title: "SMTP server",
    about: "Mails through any mail server.",
    fields: [
      {
        name: "url",
        label: "Address of the server",
        kind: "secret",
        placeholder: "smtps://user:password@mail.example.com",
        hint: "With its name and password. Without it mails go through the server's own setting smtp_url, where that is set.",
      },
      ...SENDER,
    ],
  },
  {
    key: "email_resend",
    type: "email",
    title: "Resend",
    about: "Mails through resend.com, which tells what became of them.",
    fields: [
      { name: "api_key", label: "API key", kind: "secret", placeholder: "re_…", required: true },
      ...SENDER,
      {
        name: "webhook_secret",
        label: "Secret of the webhook",
        kind: "secret",
        placeholder: "whsec_…",
        hint: "Of the webhook at Resend that tells of deliveries, bounces and clicks.",
      },
      base("the API key"),
    ],
  },
  {
    key: "sms_twilio",
    type: "sms",
    title: "Twilio",
    about: "Text messages through twilio.com.",
    fields: [
      { name: "account_sid", label: "Account SID", kind: "text", placeholder: "AC…", required: true },
      { name: "auth_token", label: "Auth token", kind: "secret", required: true },
      {
        name: "from",
        label: "From",
        kind: "text",
        placeholder: "+15550100",
        required: true,
        hint: "A number, or the SID of a messaging service.",
      },
      base("the account SID and the auth token"),
    ],
  },
  {
    key: "push_fcm",
    type: "push",
    title: "Firebase (FCM)",
    about: "Push to Android, iOS and the web through Google.",
    fields: [
      { name: "service_account", label: "Service account", kind: "area", required: true, hint: "Google's JSON file." },
      {
        name: "project_id",
        label: "Project",
        kind: "text",
        more: true,
        hint: "That of the service account by default.",
      },
      base("the service account"),
    ],
  },
  {
    key: "push_apns",
    type: "push",
    title: "Apple (APNs)",
    about: "Push to iPhones, iPads and Macs through Apple.",
    fields: [
      { name: "key", label: "Key", kind: "area", required: true, hint: "The text of the .p8 file." },
      { name: "key_id", label: "Key ID", kind: "text", required: true },
      { name: "team_id", label: "Team ID", kind: "text", required: true },
      { name: "bundle_id", label: "Bundle ID", kind: "text", required: true, placeholder: "com.example.app" },
      {
        name: "environment",
        label: "Environment",
        kind: "choice",
        options: [
          { value: "production", title: "Production" },
          { value: "sandbox", title: "Sandbox" },
        ],
      },
      base("the key"),
    ],
  },
  {
    key: "chat_slack",
    type: "chat",
    title: "Slack",
    about: "Messages to channels and people in Slack.",
    fields: [
      { name: "client_id", label: "Client ID", kind: "text", required: true },
      { name: "client_secret", label: "Client secret", kind: "secret", required: true },
    ],
  },
  {
    key: "chat_discord",
    type: "chat",
    title: "Discord",
    about: "Messages to Discord, by webhooks or by a bot.",
    fields: [
      { name: "bot_token", label: "Bot token", kind: "secret", hint: "Webhooks need none." },
      base("the bot token"),
    ],
  },
  {
    key: "chat_ms_teams",
    type: "chat",
    title: "Microsoft Teams",
    about: "Messages to Teams, by webhooks of its channels.",
    fields: [
      {
        name: "graph_client_id",
        label: "Client ID",
        kind: "text",
        hint: "Of the app that lists teams and channels. Webhooks need none.",
      },
      { name: "graph_client_secret", label: "Client secret", kind: "secret" },
    ],
  },
  {
    key: "http_knock_webhook",
    type: "http",
    title: "Webhook",
    about: "Signed requests to addresses that the workflow names.",
    fields: [
      {
        name: "signing_key",
        label: "Signing key",
        kind: "secret",
        hint: "Requests have x-webhook-signature: t=<seconds>,s=<base64 of HMAC-SHA256 over seconds.body>.",
      },
    ],
  },
  {
    key: "in_app_feed_knock",
    type: "in_app_feed",
    title: "In-app feed",
    about: "Items in a feed that your product shows.",
    fields: [],
  },
  {
    key: "in_app_guide_knock",
    type: "in_app_guide",
    title: "In-app guide",
    about: "Guides that your product shows step by step.",
    fields: [],
  },
];

export const providerOf = (key: string): Provider | undefined => PROVIDERS.find((provider) => provider.key === key);
export const providersOf = (type: string): Provider[] => PROVIDERS.filter((provider) => provider.type === type);
export const typeTitle = (type: string) => CHANNEL_NAMES[type] ?? (type === "in_app_guide" ? "Guide" : type);

/** The settings in a form: a text to set, `null` to take out, nothing to leave as it is. */
export type Change = Record<string, string | null | undefined>;

/** The change of a field by its text: none while it is as stored, `null` where it was emptied. */
export function changeOf(text: string, stored: string | undefined): string | null | undefined {
  if (text === (stored ?? "")) return undefined;
  return text === "" ? null : text;
}

/** The provider's settings in a request: only those that were written, so that nothing else is lost. */
export function settingsOf(provider: Provider, change: Change): Record<string, unknown> {
  return Object.fromEntries(
    provider.fields.flatMap(({ name, kind }) => {
      const value = change[name];
      if (value === undefined || value === "") return [];
      return [[name, kind === "area" && value !== null ? asJson(value) : value]];
    }),
  );
}

/** A JSON file is kept as what it says; other texts stay texts. */
function asJson(text: string): unknown {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{")) return trimmed;
  try {
    return JSON.parse(trimmed) as unknown;
  } catch {
    return trimmed;
  }
}

/** Required fields that are neither set nor written. */
export function lacking(provider: Provider, known: string[], change: Change): string[] {
  return provider.fields
    .filter(({ name, required }) => required && !change[name] && (change[name] === null || !known.includes(name)))
    .map(({ label }) => label);
}

/** Ready, not set up, or only playing. Without what its provider needs, a channel is not ready, whatever it could be tried with. */
export function stateOf({
  environment_settings,
  provider: key,
}: Schemas["KnockChannel"]): "active" | "not set up" | "sandbox" {
  const { is_sandbox, is_valid, provider_settings } = environment_settings.production;
  const provider = providerOf(key);
  const isReady = is_valid && (!provider || lacking(provider, provider_settings, {}).length === 0);
  return is_sandbox ? "sandbox" : isReady ? "active" : "not set up";
}
