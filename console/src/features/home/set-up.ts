// The steps of setting up a new organisation, and which of them are done.

import { paths } from "../../lib/paths";

export type SetUpFacts = {
  /** Signed in by password once, or chose one. */
  hasPassword?: boolean;
  sources?: number;
  deliveries?: number;
  /** Mails that a server has taken. */
  mailsSent?: number;
  members?: number;
  notifications?: number;
};

export type SetUpStep = { key: string; title: string; detail: string; done: boolean | undefined; to?: string };

const atLeast = (count: number | undefined, least: number) => (count === undefined ? undefined : count >= least);

export function setUpSteps(facts: SetUpFacts): SetUpStep[] {
  const sourceDone =
    facts.sources === undefined || facts.deliveries === undefined
      ? undefined
      : facts.sources > 0 && facts.deliveries > 0;
  return [
    {
      key: "password",
      title: "Choose a password",
      detail: "A sign-in link works once. A password lets you in without one.",
      done: facts.hasPassword,
      to: paths.signIn,
    },
    {
      key: "source",
      title: "Connect a source",
      detail: facts.sources
        ? "A source is there, and nothing has come from it yet."
        : "GitHub, GitLab, Linear, Sentry, PagerDuty and others, or a sample from the shell.",
      done: sourceDone,
      to: paths.integrations,
    },
    {
      key: "mail",
      title: "Send a test mail",
      detail: "Shows whether the mail server takes what it is given.",
      done: atLeast(facts.mailsSent, 1),
      to: paths.channel("email"),
    },
    {
      key: "colleague",
      title: "Invite a colleague",
      detail: "They are notified of what is significant as well.",
      done: atLeast(facts.members, 2),
      to: paths.members,
    },
    {
      key: "notification",
      title: "Be notified of something",
      detail: "The first observation that reaches the workspace's threshold does it.",
      done: atLeast(facts.notifications, 1),
      to: paths.workspaceSettings,
    },
  ];
}

export const isSetUp = (steps: SetUpStep[]) => steps.every(({ done }) => done === true);
