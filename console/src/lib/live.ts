// News from the server: one stream per tab. What is new is read again, at most five times a second.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

const PACE = 200;

/** Keeps the queries fresh while `enabled`; tells whether the stream is open. */
export function useLive(enabled: boolean): boolean {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(false);
  useEffect(() => {
    if (!enabled) return;
    const stale = new Set<string>();
    let timer: number | undefined;
    const refresh = () => {
      timer = undefined;
      for (const kind of stale) void queries.invalidateQueries({ queryKey: [kind] });
      stale.clear();
    };
    const mark = (...kinds: string[]) => {
      for (const kind of kinds) stale.add(kind);
      timer ??= window.setTimeout(refresh, PACE);
    };
    const stream = new EventSource("/api/stream");
    stream.onopen = () => setConnected(true);
    stream.onerror = () => setConnected(false);
    stream.addEventListener("news", (event) => mark((JSON.parse(event.data as string) as { kind: string }).kind));
    // After a break anything may have happened.
    stream.addEventListener("again", () => mark("delivery", "observation", "notification", "attempt"));
    return () => {
      stream.close();
      window.clearTimeout(timer);
    };
  }, [enabled, queries]);
  return connected;
}
