// The kinds of document that workflows share, with the fields of each: layouts, partials, translations, guides, channel groups.

import type { CodeLanguage } from "../../../components/ui/code-editor";
import { asText } from "../../../lib/json";
import { paths } from "../../../lib/paths";
import type { ResourceType, ServerFields } from "../parts/stored-document";

export type Content = Record<string, unknown>;
export type StoredDocument = ServerFields & Content;

type FieldBase = { name: string; label: string; hint?: string };
export type DocumentField = FieldBase &
  (
    | { kind: "line" }
    | { kind: "choice"; options: { value: string; title: string }[] }
    | { kind: "guide-channel" }
    | { kind: "code"; language: CodeLanguage | ((content: Content) => CodeLanguage); lines: number }
    | { kind: "json"; lines: number }
    | { kind: "conditions"; variables: string[] }
  );

export type DocumentKind = {
  /** The name in addresses, and in the keys of queries. */
  name: string;
  title: string;
  /** One of them, in a sentence. */
  one: string;
  about: string;
  type: ResourceType;
  /** The place of the list. */
  list: { to: string; search?: Record<string, string> };
  path: "/v1/email_layouts" | "/v1/partials" | "/v1/translations" | "/v1/guides" | "/v1/channel_groups";
  pathOf: (key: string) => string;
  /** False if every change takes effect at once. */
  hasDrafts: boolean;
  canSwitch: boolean;
  /** The effect of a commit, in a sentence. */
  effect: string;
  fields: DocumentField[];
  /** The document that a new one begins as. */
  starter: (name: string) => Content;
};

const NAME: DocumentField = { kind: "line", name: "name", label: "Name" };

export const LAYOUTS: DocumentKind = {
  name: "layouts",
  title: "Layouts",
  one: "layout",
  about: "The HTML and the text around mails. A step of a workflow names its layout.",
  type: "email_layout",
  list: { to: paths.templates },
  path: "/v1/email_layouts",
  pathOf: (key) => paths.layout(key),
  hasDrafts: true,
  canSwitch: false,
  effect: "Mails that are made from now on use it.",
  fields: [
    NAME,
    {
      kind: "code",
      name: "html_layout",
      label: "HTML",
      language: "liquid",
      lines: 16,
      hint: "{{ content }} is the place of the mail.",
    },
    { kind: "code", name: "text_layout", label: "Plain text", language: "liquid", lines: 5 },
    {
      kind: "json",
      name: "footer_links",
      label: "Footer links",
      lines: 3,
      hint: "A list that the layout has as footer_links, such as text and url of each link.",
    },
  ],
  starter: (name) => ({
    name,
    html_layout:
      '<!doctype html>\n<html>\n  <body style="font-family: sans-serif">\n    {{ content }}\n    <p><a href="{{ vars.manage_preferences_url }}">Preferences</a></p>\n  </body>\n</html>\n',
    text_layout: "{{ content }}\n\nPreferences: {{ vars.manage_preferences_url }}\n",
  }),
};

export const PARTIALS: DocumentKind = {
  name: "partials",
  title: "Partials",
  one: "partial",
  about: "Pieces of templates. Other templates include them with {% render 'key', name: value %}.",
  type: "partial",
  list: { to: paths.templates, search: { tab: "partials" } },
  path: "/v1/partials",
  pathOf: (key) => paths.partial(key),
  hasDrafts: true,
  canSwitch: false,
  effect: "Templates that are rendered from now on use it.",
  fields: [
    NAME,
    {
      kind: "choice",
      name: "type",
      label: "Type",
      options: ["html", "markdown", "text", "json"].map((value) => ({ value, title: value })),
    },
    {
      kind: "code",
      name: "content",
      label: "Content",
      language: "liquid",
      lines: 16,
      hint: "A partial sees only the values that it is given.",
    },
  ],
  starter: (name) => ({ name, type: "html", content: '<a href="{{ url }}">{{ label }}</a>\n' }),
};

export const TRANSLATIONS: DocumentKind = {
  name: "translations",
  title: "Translations",
  one: "translation",
  about: "Texts by language. Templates name a text with {{ 'greeting' | t }}.",
  type: "translation",
  list: { to: paths.templates, search: { tab: "translations" } },
  path: "/v1/translations",
  pathOf: (key) => paths.translation(key),
  hasDrafts: true,
  canSwitch: false,
  effect: "Templates that are rendered from now on use it.",
  fields: [
    {
      kind: "choice",
      name: "format",
      label: "Format",
      options: [
        { value: "json", title: "JSON" },
        { value: "po", title: "PO (gettext)" },
      ],
    },
    {
      kind: "code",
      name: "content",
      label: "Texts",
      language: ({ format }) => (format === "po" ? "text" : "json"),
      lines: 20,
      hint: "Dots in a key lead into nested objects. zero, one and other are chosen by count.",
    },
  ],
  starter: () => ({ format: "json", content: '{\n  "greeting": "Hello {{ name }}"\n}\n' }),
};

export const GUIDES: DocumentKind = {
  name: "guides",
  title: "Guides",
  one: "guide",
  about: "Banners, cards and tours that your pages show to a user until the user is done with them.",
  type: "guide",
  list: { to: paths.guides },
  path: "/v1/guides",
  pathOf: (key) => paths.guide(key),
  hasDrafts: true,
  canSwitch: true,
  effect: "The version is listed, and can be compared and restored.",
  fields: [
    NAME,
    {
      kind: "line",
      name: "type",
      label: "Type",
      hint: "Such as banner, card or tour. Pages ask for guides of a type.",
    },
    { kind: "guide-channel", name: "channel_key", label: "Channel" },
    {
      kind: "line",
      name: "target_audience_key",
      label: "Audience",
      hint: "The key of an audience. Without one, every user is eligible.",
    },
    {
      kind: "json",
      name: "steps",
      label: "Steps",
      lines: 12,
      hint: "Each step has ref, schema_key and values, which the page's component shows.",
    },
    {
      kind: "conditions",
      name: "target_property_conditions",
      label: "Users see it",
      variables: ["recipient.name", "recipient.email", "recipient.created_at", "tenant.id", "data."],
    },
    {
      kind: "json",
      name: "activation_url_patterns",
      label: "Address patterns",
      lines: 3,
      hint: "The pages on which the guide is shown.",
    },
  ],
  starter: (name) => ({
    name,
    type: "banner",
    steps: [
      {
        ref: "step_1",
        schema_key: "banner",
        schema_variant_key: "default",
        values: { title: "Welcome", body: "Have a look around." },
      },
    ],
  }),
};

export const CHANNEL_GROUPS: DocumentKind = {
  name: "channel-groups",
  title: "Channel groups",
  one: "channel group",
  about: "Channels of one type, with a rule for each. One step sends through the first that fits, or through all.",
  type: "channel_group",
  list: { to: paths.channelGroups },
  path: "/v1/channel_groups",
  pathOf: (key) => paths.channelGroup(key),
  hasDrafts: false,
  canSwitch: false,
  effect: "",
  fields: [
    NAME,
    {
      kind: "choice",
      name: "operator",
      label: "Sends through",
      options: [
        { value: "any", title: "the first channel that fits" },
        { value: "all", title: "all channels that fit" },
      ],
    },
    {
      kind: "json",
      name: "channel_rules",
      label: "Rules",
      lines: 12,
      hint: "channel_key and rule_type (always, if, unless); with if and unless also variable, operator and argument.",
    },
  ],
  starter: (name) => ({ name, operator: "any", channel_rules: [{ channel_key: "email", rule_type: "always" }] }),
};

/** The name of a document for people; its key where it has none. */
export const titleOf = (document: StoredDocument): string => asText(document.name) || document.key;

export type TranslationPlace = { locale: string; namespace?: string; tenant?: string };

/** The key of a translation: its locale, and namespace and tenant where it has them. */
export function placeOfKey(key: string): TranslationPlace {
  const [locale = "", namespace, tenant] = key.split("/");
  return { locale, ...(namespace && { namespace }), ...(tenant && { tenant }) };
}

/** A tenant's translation always has a namespace. */
export const keyOfPlace = ({ locale, namespace, tenant }: TranslationPlace): string =>
  [locale, namespace || (tenant ? "default" : ""), tenant].filter(Boolean).join("/");
