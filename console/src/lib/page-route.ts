// A page of an area: its path within the workspace, and the component that stands there.

import { lazily } from "./lazily";

export type PageRoute = { path: string; page: ReturnType<typeof lazily> };

/** A page that is loaded when it is gone to. */
export const page = lazily;
