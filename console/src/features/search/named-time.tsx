// The time that was read in the query, with a button to take it for words.

import { Button } from "../../components/ui/button";
import { useUrl } from "../../lib/url";
import type { Meta } from "./use-search";

export function NamedTime({ time: { text, start, end } }: { time: NonNullable<Meta["time"]> }) {
  const url = useUrl();
  const day = (at: string) => at.slice(0, 10);
  const last = end ? day(new Date(Date.parse(end) - 1).toISOString()) : undefined;
  const days =
    start && last
      ? day(start) === last
        ? last
        : `${day(start)} to ${last}`
      : start
        ? `since ${day(start)}`
        : `until ${last}`;
  return (
    <p className="text-quiet text-xs">
      “{text}” is read as {days}{" "}
      <Button kind="link" size="sm" onClick={() => url.set({ words: "1", open: undefined })}>
        Search all time
      </Button>
    </p>
  );
}
