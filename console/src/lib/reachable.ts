// Whether the server can be reached, as far as this tab knows.

const AGAIN = 1_000;

let isAway = false;

/** Told by the stream of news when it opens and when it breaks. */
export function tellReachable(isReachable: boolean) {
  isAway = !isReachable;
}

/** Waits until the server answers. */
export async function untilAnswered(): Promise<void> {
  for (;;) {
    const answers = await fetch("/api/_health/live").then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) return;
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

/** Waits while the server is known to be away. */
export const untilReachable = (): Promise<void> => (isAway ? untilAnswered() : Promise.resolve());
