// The starting points of a new workflow.

import type { Doc } from "./document";

export type Starter = { key: string; title: string; about: string; document: (name: string) => Doc };

const FEED = {
  ref: "feed",
  name: "Feed",
  type: "channel" as const,
  channel_key: "in-app",
  channel_type: "in_app_feed" as const,
  template: {
    markdown_body: "**{{ title | escape_markdown }}** {{ text | escape_markdown }}",
    action_url: "{{ url }}",
  },
};
const HTML = `<!doctype html>
<html lang="en">
  <body style="margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',sans-serif;line-height:1.5">
    <p>Hello {{ recipient.name | default: "there" | escape }},</p>
    <p>{{ text | escape }}</p>
    {% if url %}<p><a href="{{ url | escape }}">Open it</a></p>{% endif %}
  </body>
</html>
`;
const MAIL = {
  ref: "mail",
  name: "Mail",
  type: "channel" as const,
  channel_key: "email",
  channel_type: "email" as const,
  conditions: { all: [{ variable: "recipient.email", operator: "not_empty" }] },
  template: { subject: "{{ title }}", html_body: HTML },
};
const DIGEST = {
  ...MAIL,
  template: {
    subject: '{{ total_activities }} {{ total_activities | pluralize: "update", "updates" }}',
    html_body: `<p>Hello {{ recipient.name | default: "there" | escape }}, this is new:</p>\n<ul>\n{% for activity in activities %}\n  <li>{{ activity.title | escape }}: {{ activity.text | escape }}</li>\n{% endfor %}\n</ul>\n`,
  },
};
const SCHEMA = {
  type: "object",
  required: ["title", "text"],
  properties: { title: { type: "string" }, text: { type: "string" }, url: { type: "string" } },
};

export const STARTERS: Starter[] = [
  {
    key: "email",
    title: "E-mail",
    about: "One mail for each trigger.",
    document: (name) => ({ name, categories: [], trigger_data_json_schema: SCHEMA, steps: [MAIL] }),
  },
  {
    key: "feed-email",
    title: "Feed, then e-mail",
    about: "In the feed at once; by mail after ten minutes.",
    document: (name) => ({
      name,
      categories: [],
      trigger_data_json_schema: SCHEMA,
      steps: [FEED, { ref: "wait", type: "delay", settings: { delay_for: { unit: "minutes", value: 10 } } }, MAIL],
    }),
  },
  {
    key: "digest",
    title: "Daily digest",
    about: "In the feed at once; one mail a day at nine about all of it.",
    document: (name) => ({
      name,
      categories: [],
      trigger_data_json_schema: SCHEMA,
      steps: [
        FEED,
        {
          ref: "gather",
          type: "batch",
          settings: { batch_until: { frequency: "daily", hours: 9, minutes: 0 }, batch_order: "desc" },
        },
        DIGEST,
      ],
    }),
  },
  { key: "empty", title: "Empty", about: "No steps yet.", document: (name) => ({ name, categories: [], steps: [] }) },
];
