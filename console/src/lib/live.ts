// News from the server: one stream per tab. Pages that show a kind of thing are told of news of it; what is new is read again, at most
// five times a second.

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { isPassing } from "./api";
import { tellReachable } from "./reachable";

/** The kinds of thing that news are about. */
export type Kind = "delivery" | "document" | "observation" | "notification" | "attempt" | "backfill";
const KINDS: Kind[] = ["delivery", "document", "observation", "notification", "attempt", "backfill"];

const PACE = 200;
/** For how long pages wait for the stream before they read their lists. */
const PATIENCE = 500;
/** When the stream is opened again that its server has refused. */
const AGAIN = 3_000;

const listeners = new Map<Kind, Set<() => void>>();

/** Calls `tell` when there is news of a kind, at most five times a second. */
export function onNews(kinds: Kind[], tell: () => void): () => void {
  for (const kind of kinds) listeners.set(kind, (listeners.get(kind) ?? new Set()).add(tell));
  return () => {
    for (const kind of kinds) listeners.get(kind)?.delete(tell);
  };
}

function spread(queries: QueryClient, kinds: Iterable<Kind>) {
  const told = new Set<() => void>();
  for (const kind of kinds) {
    void queries.invalidateQueries({ queryKey: [kind] });
    for (const tell of listeners.get(kind) ?? []) told.add(tell);
  }
  for (const tell of told) tell();
}

/**
 * Keeps what is shown fresh while `enabled`. Tells whether the stream is open, and whether lists can be read: what they show is kept
 * fresh from then on, so it need not be read a second time.
 */
export function useLive(enabled: boolean, workspace: string | undefined): { connected: boolean; ready: boolean } {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(false);
  const looked = useRef(workspace);
  looked.current = workspace;
  const [ready, setReady] = useState(false);
  useEffect(() => {
    if (!enabled) return;
    const stale = new Set<Kind>();
    let timer: number | undefined;
    let reopening: number | undefined;
    let isRead = false;
    let stream: EventSource;
    const read = () => {
      isRead = true;
      setReady(true);
    };
    const waiting = window.setTimeout(read, PATIENCE);
    const refresh = () => {
      timer = undefined;
      spread(queries, stale);
      stale.clear();
    };
    const mark = (...kinds: Kind[]) => {
      for (const kind of kinds) stale.add(kind);
      timer ??= window.setTimeout(refresh, PACE);
    };
    const open = () => {
      stream = new EventSource("/api/stream");
      stream.onopen = () => {
        tellReachable(true);
        setConnected(true);
      };
      stream.onerror = () => {
        tellReachable(false);
        setConnected(false);
        // The browser tries again by itself, but for an answer that is no stream.
        if (stream.readyState !== EventSource.CLOSED) return;
        void queries.invalidateQueries({ queryKey: ["session"] });
        reopening = window.setTimeout(open, AGAIN);
      };
      stream.addEventListener("news", (event) => {
        const news = JSON.parse(event.data as string) as { kind: Kind; workspace: string | null };
        // A message may be for the member wherever it is told; what else is new elsewhere is not shown here.
        if (news.kind === "notification" || news.workspace === looked.current) mark(news.kind);
      });
      stream.addEventListener("again", () => {
        if (!isRead) return read();
        // After a break anything may have happened, and what could not be read then can be.
        mark(...KINDS);
        void queries.invalidateQueries({
          predicate: ({ state }) => state.status === "error" && isPassing(state.error),
        });
      });
    };
    open();
    return () => {
      stream.close();
      tellReachable(true);
      for (const one of [timer, reopening, waiting]) window.clearTimeout(one);
    };
  }, [enabled, queries]);
  return { connected, ready };
}
