// A conversation: the turns that are stored, and the one that is being answered.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { api, data } from "../../lib/api";
import { begun, type Draft, withEvent } from "./draft";
import { ask } from "./stream";

export const useSessions = (workspace: string) =>
  useQuery({
    queryKey: ["answers", "sessions", workspace],
    queryFn: () => data(api.GET("/api/answer", { params: { query: { workspace, limit: 30 } } })),
  });

/** The stored turns of a session; none while it has none. */
export const useTurns = (session: string | undefined) =>
  useQuery({
    queryKey: ["answers", "session", session],
    enabled: session !== undefined,
    queryFn: () => data(api.GET("/api/answer/{session}", { params: { path: { session: session ?? "" } } })),
    // A turn that is answered elsewhere, or went on without its asker.
    refetchInterval: ({ state }) => (state.data?.data.some((turn) => turn.state === "running") ? 2_000 : false),
  });

export function useAsk(workspace: string, session: string | undefined, onSession: (session: string) => void) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>();
  const [error, setError] = useState<Error>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const begin = async (question: string) => {
    const control = new AbortController();
    running.current?.abort();
    running.current = control;
    setError(undefined);
    let current = begun(question);
    setDraft(current);
    try {
      await ask(
        workspace,
        { question, session },
        (event) => {
          current = withEvent(current, event);
          setDraft(current);
        },
        control.signal,
      );
      if (!current.answer) throw new Error("The answer broke off. What was stored of it is shown when it has ended.");
      const answered = current.answer.session;
      await queries.invalidateQueries({ queryKey: ["answers", "session", answered] });
      void queries.invalidateQueries({ queryKey: ["answers", "sessions"] });
      // The new turn is read before the draft goes, so that nothing jumps.
      await queries.fetchQuery({
        queryKey: ["answers", "session", answered],
        queryFn: () => data(api.GET("/api/answer/{session}", { params: { path: { session: answered } } })),
      });
      onSession(answered);
      setDraft(undefined);
    } catch (error) {
      if (control.signal.aborted) return;
      setError(error as Error);
    }
  };
  const leave = () => {
    running.current?.abort();
    setDraft(undefined);
    setError(undefined);
  };
  return { draft, error, isAnswering: draft !== undefined && !draft.answer && !error, begin, leave };
}
