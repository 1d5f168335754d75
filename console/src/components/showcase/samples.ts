// Made-up data for the page of components.

import type { ChartSeries } from "../ui/chart";
import type { GraphEdge, GraphNode } from "../ui/graph";
import type { WaterfallSpan } from "../ui/waterfall";

export const START = Date.parse("2026-03-02T08:30:00Z");
const iso = (seconds: number) => new Date(START + seconds * 1000).toISOString();

export const PAYLOAD = {
  id: "evt_01J9ZK4T",
  type: "invoice.paid",
  created_at: iso(0),
  livemode: true,
  data: {
    customer: { id: "cus_8231", name: "Marta Lindqvist", email: "marta@lindqvist.example", phone: null },
    amount: 12_900,
    currency: "EUR",
    items: [
      { id: "li_1", title: "Team plan, yearly", quantity: 1, unit_amount: 9900, tags: [] },
      { id: "li_2", title: "Extra seats", quantity: 3, unit_amount: 1000, tags: ["seat", "prorated"] },
    ],
    note: `Thank you for the quick payment. ${"The next invoice follows in one year, with the seats that are in use then. ".repeat(8)}`,
  },
  headers: { "content-type": "application/json", "x-request-id": "0f7e2a91" },
};

export const MANY = {
  events: Array.from({ length: 1000 }, (_, index) => ({
    id: `evt_${index}`,
    type: index % 3 ? "push" : "pull_request",
    actor: { login: `person-${index % 17}`, site_admin: false },
    seconds: index * 7.5,
  })),
};

export const TEMPLATE = `<h1>Hello {{ recipient.name | default: "there" }},</h1>
{% if data.total > 0 %}
  <p>{{ data.total }} new comments on <b>{{ data.project.title }}</b>:</p>
  <ul>
    {% for activity in activities %}
      <li>{{ activity.actor.name }}: {{ activity.text | truncate: 80 }}</li>
    {% endfor %}
  </ul>
{% endif %}
<a href="{{ vars.app_url }}/projects/{{ data.project.id }}">Open the project</a>`;

export const VARIABLES = [
  { name: "recipient.name", detail: "text" },
  { name: "recipient.email", detail: "text" },
  { name: "data.total", detail: "number" },
  { name: "data.project.id", detail: "text" },
  { name: "data.project.title", detail: "text" },
  { name: "activities", detail: "list" },
  { name: "vars.app_url", detail: "text" },
];

export const BROKEN_JSON = `{
  "type": "object",
  "required": ["amount"],
  "properties": {
    "amount": { "type": "integer", "minimum": 1 },
  }
}`;

export const SCRIPT = `export function transform(webhook) {
  // Only what the receiver needs.
  const { id, amount, currency } = webhook.payload.data;
  webhook.payload = { id, total: \`\${amount / 100} \${currency}\` };
  return webhook;
}`;

export const BEFORE = `name: Comment digest
trigger: comment.created
steps:
  - batch:
      window: 15m
      key: data.project.id
  - email:
      subject: "{{ data.total }} comments"
      send_window: weekdays
  - in_app:
      title: New comments`;

export const AFTER = `name: Comment digest
trigger: comment.created
steps:
  - batch:
      window: 30m
      key: data.project.id
  - email:
      subject: "{{ data.total }} new comments on {{ data.project.title }}"
      send_window: weekdays
  - push:
      title: New comments
  - in_app:
      title: New comments`;

export const LONG_BEFORE = Array.from({ length: 60 }, (_, line) => `  "key_${line}": ${line * 3},`).join("\n");
export const LONG_AFTER = LONG_BEFORE.replace(`"key_20": 60`, `"key_20": 61`).replace(/ {2}"key_41".*\n/, "");

export const MARKDOWN = `# Release 4.2

The **retry plan** of an endpoint can now be set. See [the guide](https://example.org/guide) and \`retry_after\`.

## What changed

- Eight attempts over a day and a half
- A receiver's \`Retry-After\` wins
  - within twice the planned wait
- [x] tested with 10,000 endpoints
- [ ] documented

> An endpoint that failed for five days is disabled.

\`\`\`json
{ "attempts": 8, "spread": "36h" }
\`\`\`

| Attempt | After | Total |
|---|--:|--:|
| 1 | 0 s | 0 s |
| 2 | 5 s | 5 s |
| 3 | 5 m | 5 m 5 s |

<script>alert("never")</script><img src="http://insecure.example/pixel.png" alt="an image without HTTPS">`;

export const TIMES = Array.from({ length: 48 }, (_, index) => START / 1000 - 86_400 + index * 1800);
const wave = (base: number, swing: number, seed: number) =>
  TIMES.map((_, index) =>
    Math.max(0, Math.round(base + swing * Math.sin(index / 5 + seed) + ((index * 7919 * (seed + 1)) % 13))),
  );

export const ATTEMPTS: ChartSeries[] = [
  { name: "Failed", tone: "bad", values: wave(6, 6, 2) },
  { name: "Delivered", tone: "good", values: wave(120, 60, 0) },
];
export const LATENCY: ChartSeries[] = [
  {
    name: "Median",
    tone: "bronze",
    values: wave(180, 40, 1).map((value, index) => (index > 20 && index < 25 ? null : value)),
  },
  {
    name: "95th percentile",
    tone: "info",
    values: wave(640, 220, 3).map((value, index) => (index > 20 && index < 25 ? null : value)),
  },
];

export const SPANS: WaterfallSpan[] = [
  { key: "1", name: "Validate order", kind: "run", start: iso(0), end: iso(0.34), status: "completed" },
  {
    key: "2",
    name: "Charge the card",
    kind: "run",
    start: iso(0.35),
    end: iso(4.1),
    status: "completed",
    attempts: [
      { start: iso(0.35), end: iso(1.2), status: "failed" },
      { start: iso(2.2), end: iso(2.9), status: "failed" },
      { start: iso(3.6), end: iso(4.1), status: "completed" },
    ],
  },
  { key: "3", name: "Reserve stock", kind: "run", start: iso(0.4), end: iso(1.9), status: "completed" },
  { key: "4", name: "Send to the old warehouse", kind: "run", start: iso(4.1), end: iso(4.1), status: "skipped" },
  { key: "5", name: "Book the carrier", kind: "run", start: iso(4.12), end: iso(5.6), status: "failed" },
];

export const SLEEPY: WaterfallSpan[] = [
  { key: "a", name: "Send the welcome mail", kind: "run", start: iso(0), end: iso(1.2), status: "completed" },
  { key: "b", name: "Three days", kind: "sleep", start: iso(1.2), end: iso(259_201.2), status: "completed" },
  { key: "c", name: "Load activity", kind: "run", start: iso(259_201.3), end: iso(259_203.8), status: "completed" },
  { key: "d", name: "Send the tips", kind: "run", start: iso(259_203.8), end: iso(259_204.4), status: "completed" },
  {
    key: "e",
    name: "First project created",
    kind: "wait for event",
    start: iso(259_204.4),
    end: null,
    status: "waiting",
  },
];
export const SLEEPY_NOW = START + 345_600_000;

export const NODES: GraphNode[] = [
  { id: "pr", title: "Retry plan per endpoint", subtitle: "#482", kind: "pull_request", distance: 0 },
  { id: "c1", title: "Read Retry-After within twice the wait", subtitle: "a91f03c", kind: "commit", distance: 1 },
  { id: "c2", title: "Plan as a list of waits", subtitle: "77be210", kind: "commit", distance: 1 },
  { id: "issue", title: "Endpoints stay disabled too long", subtitle: "CAM-91", kind: "issue", distance: 1 },
  { id: "mail", title: "Deliveries to Nordwind fail", subtitle: "support@", kind: "mail", distance: 2 },
  { id: "ci", title: "Build 9921 passed", subtitle: "main", kind: "build", distance: 2 },
  { id: "deploy", title: "Production 4.2.0", subtitle: "eu-west", kind: "deployment", distance: 2 },
  { id: "chat", title: "Can we replay yesterday's messages?", subtitle: "#support", kind: "chat_message", distance: 2 },
  { id: "incident", title: "Delivery success below 95 %", subtitle: "INC-12", kind: "incident", distance: 3 },
  { id: "page", title: "Runbook: failing endpoints", subtitle: "wiki", kind: "document", distance: 3 },
];
export const EDGES: GraphEdge[] = [
  {
    from: "pr",
    to: "c1",
    kind: "contains",
    confidence: 1,
    reason: "The commit belongs to the branch of the pull request.",
  },
  {
    from: "pr",
    to: "c2",
    kind: "contains",
    confidence: 1,
    reason: "The commit belongs to the branch of the pull request.",
  },
  { from: "pr", to: "issue", kind: "closes", confidence: 0.95, reason: 'The description says "Fixes CAM-91".' },
  {
    from: "issue",
    to: "mail",
    kind: "mentions",
    confidence: 0.7,
    reason: "Both name the endpoint ep_2Nq of Nordwind.",
  },
  { from: "c1", to: "ci", kind: "same_commit", confidence: 1, reason: "The build ran on a91f03c." },
  { from: "ci", to: "deploy", kind: "same_commit", confidence: 1, reason: "The release carries a91f03c." },
  { from: "c2", to: "ci", kind: "same_commit", confidence: 0.6, reason: "The build's range includes 77be210." },
  {
    from: "mail",
    to: "incident",
    kind: "close_in_time",
    confidence: 0.4,
    reason: "Four minutes apart, with the same host.",
  },
  { from: "chat", to: "incident", kind: "mentions", confidence: 0.8, reason: "The message links to INC-12." },
  { from: "issue", to: "chat", kind: "mentions", confidence: 0.5, reason: "The same person, within the hour." },
  { from: "incident", to: "page", kind: "mentions", confidence: 0.9, reason: "The incident links to the runbook." },
];

export const MANY_NODES: GraphNode[] = Array.from({ length: 40 }, (_, index) => ({
  id: `n${index}`,
  title: index === 0 ? "Deployment 4.2.0" : `${["Build", "Commit", "Issue", "Mail"][index % 4]} ${1000 + index * 37}`,
  kind: ["build", "commit", "issue", "mail"][index % 4] ?? "issue",
  distance: index === 0 ? 0 : index < 9 ? 1 : index < 24 ? 2 : 3,
}));
export const MANY_EDGES: GraphEdge[] = MANY_NODES.slice(1).flatMap((node, index) => {
  const from = node.distance === 1 ? 0 : node.distance === 2 ? 1 + (index % 8) : 9 + ((index * 5) % 15);
  const edge = {
    from: `n${from}`,
    to: node.id,
    kind: ["contains", "mentions", "same_commit"][index % 3] ?? "mentions",
    confidence: ((index * 31) % 100) / 100,
    reason: `Reason ${index}: both carry the same reference.`,
  };
  return index % 9 === 4 ? [edge, { ...edge, from: `n${from + 1}`, kind: "close_in_time" }] : [edge];
});

export const SNIPPETS = [
  {
    name: "curl",
    code: `curl https://campanile.example/v1/events \\
  -H "Authorization: Bearer $CAMPANILE_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"name": "order.placed", "data": {"order_id": "1042"}}'`,
  },
  {
    name: "JavaScript",
    code: `import { Inngest } from "inngest";

const inngest = new Inngest({ id: "shop", baseUrl: "https://campanile.example" });
await inngest.send({ name: "order.placed", data: { orderId: "1042" } });`,
  },
  {
    name: "Python",
    code: `client = inngest.Inngest(app_id="shop", event_api_base_url="https://campanile.example")
await client.send(inngest.Event(name="order.placed", data={"order_id": "1042"}))`,
  },
  {
    name: "Go",
    code: `client.Send(ctx, inngestgo.Event{Name: "order.placed", Data: map[string]any{"order_id": "1042"}})`,
  },
];
