// Code that is loaded when it is wanted: pages, and the parts of pages that need not be there at once.
//
// A browser remembers for as long as a page lives that a module could not be loaded, and asking again changes nothing. So nothing is
// loaded while the server is known to be away; and what failed nevertheless ends with the page being loaded anew at its address, once
// the server answers. The same helps after an upgrade of the server, which no longer has the files of the earlier console.

import type { lazyRouteComponent } from "@tanstack/react-router";
import { type ComponentType, createElement } from "react";

import { untilAnswered, untilReachable } from "./reachable";

/** Loads code once the server can be reached. When it fails, the server answers again by the time that the error is thrown. */
export async function patiently<T>(load: () => Promise<T>): Promise<T> {
  await untilReachable();
  try {
    return await load();
  } catch (error) {
    await untilAnswered();
    throw error;
  }
}

const LAST = "campanile.loaded-anew";
/** Within this time the page is not loaded anew a second time: what is missing then is missing. */
const LATELY_MS = 30_000;
let leaving: Promise<never> | undefined;

/** Notes that the page is loaded anew; false if that was done a moment ago, or cannot be noted. */
function mayLoadAnew(): boolean {
  try {
    if (Date.now() - Number(sessionStorage.getItem(LAST)) < LATELY_MS) return false;
    sessionStorage.setItem(LAST, String(Date.now()));
    return true;
  } catch {
    // Browsers may forbid it.
    return false;
  }
}

/** Loads the page anew; throws `error` if that was done a moment ago. */
function loadAnew(error: unknown): Promise<never> {
  if (leaving) return leaving;
  if (!mayLoadAnew()) throw error;
  window.location.reload();
  leaving = new Promise(() => {});
  return leaving;
}

/** A component that is loaded when it is first shown, or when `preload` is called. */
export const lazily = ((load: () => Promise<Record<string, unknown>>, name = "default") => {
  let Loaded: ComponentType | undefined;
  let failure: { error: unknown } | undefined;
  let loading: Promise<void> | undefined;
  const preload = () => {
    loading ??= patiently(load).then(
      (module) => {
        Loaded = module[name] as ComponentType | undefined;
        if (!Loaded) failure = { error: new Error(`the module has no ${name}`) };
      },
      (error: unknown) => {
        failure = { error };
      },
    );
    return loading;
  };
  const show = (props: object) => {
    if (Loaded) return createElement(Loaded, props);
    throw failure ? loadAnew(failure.error) : preload();
  };
  return Object.assign(show, { preload });
}) as unknown as typeof lazyRouteComponent;

/** A page of an area: its path within the workspace, and the component that stands there. */
export type PageRoute = { path: string; page: ReturnType<typeof lazily> };
