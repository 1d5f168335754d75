// Where things are in a workspace's part of the console. Pages that speak of something of another area link through these.

const part = encodeURIComponent;

export const paths = {
  home: "/home",
  observations: "/observations",
  observation: (id: string) => `/observations/${part(id)}`,
  deliveries: "/deliveries",
  integrations: "/integrations",
  source: (id: string) => `/integrations/${part(id)}`,

  inbox: "/notify/inbox",
  preferences: "/notify/preferences",
  workflows: "/notify/workflows",
  workflow: (key: string) => `/notify/workflows/${part(key)}`,
  messages: "/notify/messages",
  message: (id: string) => `/notify/messages/${part(id)}`,
  notifyRuns: "/notify/runs",
  notifyRun: (id: string) => `/notify/runs/${part(id)}`,
  recipients: "/notify/recipients",
  user: (id: string) => `/notify/recipients/users/${part(id)}`,
  object: (collection: string, id: string) => `/notify/recipients/objects/${part(collection)}/${part(id)}`,
  tenant: (id: string) => `/notify/recipients/tenants/${part(id)}`,
  channels: "/notify/channels",
  channel: (key: string) => `/notify/channels/${part(key)}`,

  applications: "/webhooks/applications",
  application: (id: string) => `/webhooks/applications/${part(id)}`,
  endpoint: (app: string, id: string) => `/webhooks/applications/${part(app)}/endpoints/${part(id)}`,
  webhookMessage: (app: string, id: string) => `/webhooks/applications/${part(app)}/messages/${part(id)}`,
  eventTypes: "/webhooks/event-types",
  newEventType: "/webhooks/event-types/new",
  eventType: (name: string) => `/webhooks/event-types/${part(name)}`,
  operational: "/webhooks/operational",

  runs: "/engine/runs",
  run: (id: string) => `/engine/runs/${part(id)}`,
  jobs: "/engine/jobs",
  deadLetters: "/engine/dead-letters",
  engineWorkflows: "/engine/workflows",

  activity: "/activity",
  workspaceSettings: "/settings/workspace",
  members: "/settings/members",
  keys: "/settings/keys",
  signIn: "/settings/sign-in",
  system: "/settings/system",
  docs: "/docs",
  doc: (page: string) => `/docs/${page}`,
};
