// The place of the set-up list on Home: it can be put away there, and brought back in the workspace's settings.

import { useKept } from "./kept";

export const useSetUpHidden = (workspace: string) => useKept(`set-up.hidden.${workspace}`, false);

/** That all of it was seen to be done: then no room is kept for it while Home is read. */
export const useSetUpDone = (workspace: string) => useKept(`set-up.done.${workspace}`, false);
