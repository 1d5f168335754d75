// The providers that the server takes deliveries of.

export type ProviderKey = "github" | "vercel" | "linear" | "sentry" | "pagerduty" | "gitlab";

export const PROVIDERS: { key: ProviderKey; name: string; about: string }[] = [
  { key: "github", name: "GitHub", about: "Pushes, pull requests, issues, releases and discussions." },
  { key: "vercel", name: "Vercel", about: "Deployments, from their start to their end." },
  { key: "linear", name: "Linear", about: "Issues, comments, projects and cycles." },
  { key: "sentry", name: "Sentry", about: "Errors, issues and alerts." },
  { key: "pagerduty", name: "PagerDuty", about: "Incidents, from the first page to the last note." },
  { key: "gitlab", name: "GitLab", about: "Pushes, merge requests, issues, pipelines and deployments." },
];

/** True if deliveries of a provider are taken; of other tools only documents are read. */
export const takesDeliveries = (provider: string): provider is ProviderKey =>
  PROVIDERS.some(({ key }) => key === provider);

/** Tools whose documents are read, and that send no deliveries. */
const READ_ONLY: Record<string, string> = { notion: "Notion" };

/** The source of documents that were added through our own API. */
const OWN = "api";

/** Its name as it writes it itself; a provider that is not known here is called as the API calls it. */
export const providerName = (key: string): string =>
  key === OWN ? "Added here" : (PROVIDERS.find((provider) => provider.key === key)?.name ?? READ_ONLY[key] ?? key);
