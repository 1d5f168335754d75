// The steps at each provider, in its own words for its own pages.

import type { ProviderKey } from "../../lib/providers";

type Step = {
  text: string;
  /** The part below it: the address or the secret to copy, or a field for the provider's secret. */
  shows?: "address" | "secret" | "enter";
};

export type SetUp = { steps: Step[]; note?: string; makesSecret: boolean };

const SET_UPS: Record<ProviderKey, SetUp> = {
  github: {
    makesSecret: false,
    steps: [
      { text: "Open the repository or the organisation, then Settings → Webhooks → Add webhook." },
      { text: "Payload URL:", shows: "address" },
      { text: "Content type: application/json." },
      { text: "Secret:", shows: "secret" },
      {
        text: "Choose “Send me everything”, or at least pushes, pull requests, issues, issue comments, releases and discussions.",
      },
      { text: "Press “Add webhook”. GitHub sends a ping at once, which arrives here as the first delivery." },
    ],
    note: "GitHub does not repeat a delivery that failed. Recent Deliveries on its webhook page has a button to send one again.",
  },
  vercel: {
    makesSecret: true,
    steps: [
      { text: "Open the team, then Settings → Webhooks." },
      { text: "Events: Deployment Created, Deployment Succeeded, Deployment Error and Deployment Canceled." },
      { text: "Endpoint URL:", shows: "address" },
      { text: "Press “Create Webhook”. Vercel shows its secret once. Enter it here:", shows: "enter" },
      { text: "Deploy a project. The deployment arrives here as the first delivery." },
    ],
  },
  linear: {
    makesSecret: true,
    steps: [
      { text: "Open Settings → Administration → API → Webhooks → New webhook." },
      { text: "URL:", shows: "address" },
      { text: "Data change events: Issues, Comments, Projects, Project updates and Cycles." },
      { text: "Press “Create webhook”, and copy its signing secret. Enter it here:", shows: "enter" },
      { text: "Change an issue. The change arrives here as the first delivery." },
    ],
    note: "Linear repeats a failed delivery after a minute, an hour and six hours. After many failures it switches the webhook off.",
  },
  sentry: {
    makesSecret: true,
    steps: [
      { text: "Open Settings → Developer Settings → Create New Integration → Internal Integration." },
      { text: "Webhook URL:", shows: "address" },
      { text: "Switch on “Alert Rule Action”. Permissions: Issue & Event: Read. Webhooks: issue and error." },
      { text: "Press “Save Changes”, and copy the client secret below Credentials. Enter it here:", shows: "enter" },
      { text: "Resolve an issue, or let an alert fire. It arrives here as the first delivery." },
    ],
  },
  pagerduty: {
    makesSecret: true,
    steps: [
      { text: "Open Integrations → Generic Webhooks (v3) → New Webhook." },
      { text: "Webhook URL:", shows: "address" },
      { text: "Scope: the account, a team or a service. Events: all of incidents, and those of services if you like." },
      { text: "Press “Add Webhook”. PagerDuty shows its secret once. Enter it here:", shows: "enter" },
      { text: "Open the webhook again and press “Send Test Event”. It arrives here as the first delivery." },
    ],
    note: "PagerDuty tries a delivery five times within about twenty minutes. After three that failed it switches the webhook off for a day.",
  },
  gitlab: {
    makesSecret: false,
    steps: [
      { text: "Open the project or the group, then Settings → Webhooks → Add new webhook." },
      { text: "URL:", shows: "address" },
      { text: "Secret token:", shows: "secret" },
      {
        text: "Trigger: push, tag push, comments, issues, merge request, pipeline, deployment and releases events. Confidential ones only if everybody here may read them.",
      },
      { text: "Press “Add webhook”, then Test → Push events. It arrives here as the first delivery." },
    ],
    note: "Newer versions can sign instead: create a signing token (whsec_…) there, leave the secret token empty, and rotate the secret of this source to it. GitLab does not repeat a delivery that failed.",
  },
};

export const setUpOf = (provider: ProviderKey): SetUp => SET_UPS[provider];

/** True if a provider out in the internet may reach an address: not on this machine and not in a private network. */
export function isReachable(address: string): boolean {
  const { hostname } = new URL(address, "http://localhost");
  return (
    !/^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[::1\]|\[f[cd])/.test(hostname) &&
    !hostname.endsWith(".local")
  );
}
