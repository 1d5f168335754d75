// A page of an area: its path within the workspace, and the component that stands there.

import { lazyRouteComponent } from "@tanstack/react-router";

export type PageRoute = { path: string; page: ReturnType<typeof lazyRouteComponent> };

const AGAIN = 2_000;

/** Loads a page's code. While the server does not answer, it is waited for, so that an outage does not end the page. */
async function patiently<T>(load: () => Promise<T>): Promise<T> {
  let isThere = false;
  for (;;) {
    try {
      return await load();
    } catch (error) {
      // A server that was there before and does not have the file is a newer one: then the page is loaded anew.
      if (isThere) throw error;
      isThere = await fetch("/api/_health/live").then(
        ({ ok }) => ok,
        () => false,
      );
      if (!isThere) await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

/** A page that is loaded when it is gone to. */
export const page: typeof lazyRouteComponent = (load, name) => lazyRouteComponent(() => patiently(load), name);
