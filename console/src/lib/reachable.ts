// The reachability of the server, as far as this tab knows.

const AGAIN = 1_000;
const PATIENCE = 5_000;

let isAway = false;

/** Told by the stream of news when it opens and when it breaks. */
export function tellReachable(isReachable: boolean) {
  isAway = !isReachable;
}

let asking: Promise<void> | undefined;

async function ask(): Promise<void> {
  for (;;) {
    const asked = fetch("/api/_health/live", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    const answers = await asked.then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) break;
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
  asking = undefined;
}

/** Waits until the server answers. All who wait share the asking. */
export function untilAnswered(): Promise<void> {
  asking ??= ask();
  return asking;
}

/** Waits while the server is known to be away. */
export const untilReachable = (): Promise<void> => (isAway ? untilAnswered() : Promise.resolve());
