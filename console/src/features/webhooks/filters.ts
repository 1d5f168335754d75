// Filters that lists of messages and attempts have in common.

import type { Filter } from "../../components/ui/filter-bar";
import type { EventType } from "./client";

export const eventTypesFilter = (types: EventType[] | undefined): Filter => ({
  key: "type",
  title: "Event type",
  kind: "choice",
  options: (types ?? []).map(({ name }) => ({ value: name, title: name })),
});

/**
 * A span of time as the API takes it. With `after` alone it would list oldest first, so the end is given too: a little after now, since
 * clocks differ.
 */
export function between(
  after: string | undefined,
  before: string | undefined,
  now = Date.now(),
): { after?: string; before?: string } {
  if (after && !before) return { after, before: new Date(now + 60_000).toISOString() };
  return { after, before };
}
