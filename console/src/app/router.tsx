// Which page stands at which address.

import { Link, createRootRoute, createRoute, createRouter, retainSearchParams } from "@tanstack/react-router";

import { LivePage } from "../features/live/live-page";
import type { ReactNode } from "react";

import { EditorPage } from "../features/notifications/editor/editor-page";
import { EmailPage } from "../features/notifications/email-page";
import { InboxPage } from "../features/notifications/inbox-page";
import { PreferencesPage } from "../features/notifications/preferences-page";
import { RunPage, RunsPage } from "../features/notifications/runs-page";
import { SlackPage } from "../features/notifications/slack-page";
import { WorkflowPage, WorkflowsPage } from "../features/notifications/workflows-page";
import { ObservationPage } from "../features/observations/observation-page";
import { SignInPage } from "../features/session/sign-in-page";
import { Shell } from "./shell";

const root = createRootRoute({ notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>) => ({
    token: typeof search.token === "string" ? search.token : undefined,
  }),
  component: SignInPage,
});

type Within = { workspace?: string };
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  // Which workspace is looked at stands in the address, and stays there from page to page.
  validateSearch: (search: Record<string, unknown>): Within =>
    typeof search.workspace === "string" ? { workspace: search.workspace } : {},
  search: { middlewares: [retainSearchParams<Within>(["workspace"])] },
});
const live = createRoute({ getParentRoute: () => shell, path: "/", component: LivePage });
const observation = createRoute({
  getParentRoute: () => shell,
  path: "/observations/$id",
  component: ObservationPage,
});

const page = <P extends string>(path: P, component: () => ReactNode) =>
  createRoute({ getParentRoute: () => shell, path, component });
const notifications = [
  page("/notifications", PreferencesPage),
  page("/notifications/inbox", InboxPage),
  page("/notifications/workflows", WorkflowsPage),
  page("/notifications/workflows/$key", WorkflowPage),
  page("/notifications/workflows/$key/steps/$step", EditorPage),
  page("/notifications/runs", RunsPage),
  page("/notifications/runs/$id", RunPage),
  page("/notifications/slack", SlackPage),
  page("/notifications/email", EmailPage),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren([live, observation, ...notifications])]),
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
  return (
    <main className="mx-auto max-w-md p-8">
      <h1 className="text-lg font-semibold">There is nothing here</h1>
      <p className="text-quiet mt-2">
        The address may be mistyped. <Link to="/" className="text-bronze underline">Go to the live page</Link>.
      </p>
    </main>
  );
}
