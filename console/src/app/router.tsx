// Which page stands at which address. Each area names its own pages, which are loaded when they are gone to.

import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  Link,
  Navigate,
} from "@tanstack/react-router";

import { Button } from "../components/ui/button";
import { routes as activity } from "../features/activity/routes";
import { routes as ask } from "../features/ask/routes";
import { routes as clusters } from "../features/clusters/routes";
import { routes as docs } from "../features/docs/routes";
import { routes as documents } from "../features/documents/routes";
import { routes as engine } from "../features/engine/routes";
import { routes as entities } from "../features/entities/routes";
import { routes as home } from "../features/home/routes";
import { routes as inbound } from "../features/inbound/routes";
import { routes as notify } from "../features/notify/routes";
import { routes as observations } from "../features/observations/routes";
import { routes as people } from "../features/people/routes";
import { routes as search } from "../features/search/routes";
import { routes as session } from "../features/session/routes";
import { SignInPage } from "../features/session/sign-in-page";
import { routes as settings } from "../features/settings/routes";
import { routes as webhooks } from "../features/webhooks/routes";
import { lazily } from "../lib/lazily";
import { readSearch, writeSearch } from "../lib/url";
import { ConnectDone, EarlierCluster, EarlierNotifications, EarlierObservation, FirstWorkspace } from "./entrances";
import { Shell } from "./shell";

const AuthorizePage = lazily(() => import("../features/session/authorize-page"), "AuthorizePage");

const root = createRootRoute({ notFoundComponent: NotFound });
const signIn = createRoute({ getParentRoute: () => root, path: "/sign-in", component: SignInPage });
const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });
const workspace = createRoute({ getParentRoute: () => shell, path: "/w/$workspace" });

const pages = [
  ...home,
  ...observations,
  ...clusters,
  ...search,
  ...documents,
  ...ask,
  ...people,
  ...entities,
  ...inbound,
  ...notify,
  ...webhooks,
  ...engine,
  ...settings,
  ...activity,
  ...session,
  ...docs,
].map(({ path, page }) => createRoute({ getParentRoute: () => workspace, path, component: page }));

const entrances = [
  createRoute({ getParentRoute: () => shell, path: "/", component: FirstWorkspace }),
  createRoute({ getParentRoute: () => shell, path: "/observations/$id", component: EarlierObservation }),
  createRoute({ getParentRoute: () => shell, path: "/clusters/$id", component: EarlierCluster }),
  createRoute({ getParentRoute: () => shell, path: "/connect/done", component: ConnectDone }),
  createRoute({ getParentRoute: () => shell, path: "/oauth/authorize", component: AuthorizePage }),
  createRoute({ getParentRoute: () => shell, path: "/notifications", component: EarlierNotifications }),
  createRoute({ getParentRoute: () => shell, path: "/notifications/$", component: EarlierNotifications }),
];

const index = createRoute({ getParentRoute: () => workspace, path: "/", component: () => <Navigate to="/" /> });

export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren([...entrances, workspace.addChildren([index, ...pages])])]),
  parseSearch: readSearch,
  stringifySearch: writeSearch,
  defaultPreload: "intent",
  defaultPendingMinMs: 0,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: Broken,
});

function NotFound() {
  return (
    <div className="mx-auto max-w-md p-8">
      <title>Nothing here · Campanile</title>
      <h1 className="text-lg font-semibold">There is nothing here</h1>
      <p className="text-quiet mt-2">
        The address may be mistyped.{" "}
        <Link to="/" className="text-bronze underline">
          Go to Home
        </Link>
        .
      </p>
    </div>
  );
}

/** The page that stands in place of one that failed. The frame around it stays. */
function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <div className="mx-auto max-w-md p-8">
      <title>A page failed · Campanile</title>
      <h1 className="text-lg font-semibold">This page cannot be shown</h1>
      <p role="alert" className="text-quiet mt-2">
        Nothing is lost on the server. What the page ran into: <span className="text-ink">{error.message}</span>
      </p>
      <div className="mt-4 flex gap-2">
        <Button onClick={reset}>Try again</Button>
        <Button onClick={() => window.location.reload()}>Load the console anew</Button>
      </div>
    </div>
  );
}
