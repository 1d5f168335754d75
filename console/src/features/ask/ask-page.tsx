// Questions about what a workspace remembers, with answers that cite it: a conversation, and those of before.

import { useQueryClient } from "@tanstack/react-query";
import { History, MessageCircleQuestion, Plus, Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { ObservationPanel } from "../../components/observation/observation-panel";
import { Button } from "../../components/ui/button";
import { WithPanel } from "../../components/ui/detail-panel";
import { Confirm } from "../../components/ui/dialog";
import { Menu, MenuHeading, MenuItem } from "../../components/ui/menu";
import { EmptyState, Failure, Page, Skeleton } from "../../components/ui/page";
import { usePageActions } from "../../lib/actions";
import { api, data } from "../../lib/api";
import { ago } from "../../lib/format";
import { useUrl, useWorkspaceId } from "../../lib/url";
import { Composer } from "./composer";
import { Turn } from "./turn";
import { useAsk, useSessions, useTurns } from "./use-ask";

const EXAMPLES = ["What was deployed last?", "Which pull requests fix a bug?", "What changed in the checkout?"];
const DOING: Record<string, string> = {
  states: "Looking up states…",
  search: "Searching…",
  model: "The language model is writing…",
};

export function AskPage() {
  const url = useUrl();
  const workspace = useWorkspaceId();
  const session = url.get("session");
  const turns = useTurns(session);
  const { draft, error, isAnswering, begin, leave } = useAsk(workspace, session, (id) => {
    if (id !== session) url.set({ session: id, q: undefined }, { replace: true });
  });
  const end = useRef<HTMLDivElement>(null);
  const count = turns.data?.data.length ?? 0;
  const length = draft?.text.length ?? 0;
  const isStored =
    session === draft?.answer?.session && turns.data?.data.some(({ turn }) => turn === draft?.answer?.turn);
  // A field for each conversation: the first answer gives a new one its address, and leaves what is being written.
  const [conversation, setConversation] = useState(0);
  useEffect(() => {
    // What comes is kept in sight.
    if (length >= 0 && count >= 0) end.current?.scrollIntoView({ block: "end" });
  }, [length, count]);
  const anew = () => {
    leave();
    setConversation(conversation + 1);
    url.set({ session: undefined, q: undefined, open: undefined });
  };
  const open = (id: string) => {
    leave();
    setConversation(conversation + 1);
    url.set({ session: id, q: undefined, open: undefined });
  };
  usePageActions([{ title: "New question", icon: <Plus />, run: anew }]);
  const isEmpty = !session && !draft && !error;
  return (
    <Page
      title="Ask"
      fills
      actions={
        <>
          <Past onOpen={open} opened={session} />
          {session && <Remove session={session} onRemoved={anew} />}
          {!isEmpty && (
            <Button onClick={anew}>
              <Plus aria-hidden className="size-4" /> New
            </Button>
          )}
        </>
      }
    >
      <WithPanel panel={(id) => <ObservationPanel key={id} id={id} />}>
        <section
          aria-label="Conversation"
          className="border-line bg-raised flex min-h-0 min-w-0 flex-1 flex-col border-t"
        >
          <div className="min-h-0 flex-1 overflow-y-auto" aria-live="polite" aria-busy={isAnswering}>
            {session && turns.isPending && !draft && <Skeleton lines={6} />}
            {session && turns.isError && <Failure error={turns.error} onRetry={() => void turns.refetch()} />}
            {isEmpty && <Beginning ask={(question) => void begin(question)} />}
            {turns.data?.data.map(({ turn, question, state, answer }) => (
              <Turn
                key={turn}
                question={question}
                text={answer?.text ?? ""}
                passages={answer?.passages ?? []}
                answer={answer}
                note={
                  state === "running"
                    ? "It is being answered…"
                    : "The answer was interrupted: the server was stopped meanwhile. Ask again."
                }
              />
            ))}
            {draft && !isStored && (
              <Turn
                question={draft.question}
                text={draft.text}
                passages={draft.passages}
                answer={draft.answer}
                note={error ? "" : (DOING[draft.step ?? ""] ?? "Searching…")}
              />
            )}
            {error && <Failure error={error} onRetry={draft && (() => void begin(draft.question))} />}
            <div ref={end} />
          </div>
          <Composer
            key={conversation}
            first={url.get("q") ?? ""}
            isFollowUp={count > 0}
            busy={isAnswering}
            onAsk={(question) => void begin(question)}
          />
        </section>
      </WithPanel>
    </Page>
  );
}

function Beginning({ ask }: { ask: (question: string) => void }) {
  return (
    <EmptyState icon={<MessageCircleQuestion />} title="Ask about what happened">
      <p>
        The answer cites what it is taken from; a number opens it. Issues, pull requests and projects are asked for by
        name: what is the status of ENG-42, and who has it?
      </p>
      <p className="flex flex-wrap justify-center gap-1.5">
        {EXAMPLES.map((question) => (
          <Button key={question} size="sm" onClick={() => ask(question)}>
            {question}
          </Button>
        ))}
      </p>
    </EmptyState>
  );
}

/** The conversations of before. */
function Past({ onOpen, opened }: { onOpen: (id: string) => void; opened: string | undefined }) {
  const sessions = useSessions(useWorkspaceId());
  const past = sessions.data?.data.filter(({ id }) => id !== opened) ?? [];
  const [now] = useState(() => Date.now());
  if (past.length === 0) return null;
  return (
    <Menu
      trigger={
        <Button>
          <History aria-hidden className="size-4" /> Earlier
        </Button>
      }
    >
      <MenuHeading>Earlier questions</MenuHeading>
      {past.map(({ id, title, turns, updatedAt }) => (
        <MenuItem key={id} onSelect={() => onOpen(id)}>
          <span dir="auto" className="block truncate">
            {title}
          </span>
          <span className="text-quiet block text-xs">
            {turns > 1 && `${turns} questions · `}
            {ago(updatedAt, now)}
          </span>
        </MenuItem>
      ))}
    </Menu>
  );
}

function Remove({ session, onRemoved }: { session: string; onRemoved: () => void }) {
  const queries = useQueryClient();
  const remove = async () => {
    await data(api.DELETE("/api/answer/{session}", { params: { path: { session } } }));
    onRemoved();
    await queries.invalidateQueries({ queryKey: ["answers", "sessions"] });
  };
  return (
    <Confirm
      title="Delete this conversation?"
      action="Delete"
      onConfirm={remove}
      trigger={
        <Button kind="ghost" aria-label="Delete this conversation" title="Delete this conversation">
          <Trash2 aria-hidden className="size-4" />
        </Button>
      }
    >
      <p>Its questions and answers are removed for good. What they cite stays.</p>
    </Confirm>
  );
}
