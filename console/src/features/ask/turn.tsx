// A question with its answer: the text with numbers that open what it cites, and the passages below it.

import { ThumbsDown, ThumbsUp } from "lucide-react";
import { useState } from "react";

import { IconButton } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { cx } from "../../components/ui/cx";
import { Mark } from "../../components/ui/provider-mark";
import { Time } from "../../components/ui/time";
import { done, notDone } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { readTitle } from "../../lib/observation";
import { useUrl, useWorkspaceId } from "../../lib/url";
import { piecesOf } from "./draft";
import type { Answer, Passage } from "./stream";

type TurnProps = {
  question: string;
  text: string;
  passages: Passage[];
  answer?: Answer | null;
  /** In place of the text while there is none. */
  note?: string;
};

export function Turn({ question, text, passages, answer, note }: TurnProps) {
  const cited = answer ? passages.filter(({ n }) => answer.citations.includes(n)) : [];
  const others = answer ? passages.filter(({ n }) => !answer.citations.includes(n)) : passages;
  return (
    <article aria-label={question} className="border-line border-b px-4 py-5 sm:px-6">
      <div className="mx-auto grid max-w-3xl gap-3">
        <h2 dir="auto" className="text-base font-semibold text-pretty wrap-anywhere">
          {question}
        </h2>
        {text ? <Text text={text} passages={passages} /> : <p className="text-quiet">{note}</p>}
        {answer?.reason && (
          <p className="text-quiet border-line border-l-2 pl-3 text-xs">
            {answer.mode === "extractive" ? "Quoted without the language model: " : ""}
            {answer.reason}.
          </p>
        )}
        {answer && answer.unsupported > 0 && answer.mode === "model" && (
          <p className="text-quiet border-line border-l-2 pl-3 text-xs">
            {answer.unsupported === 1
              ? "One sentence of the model is"
              : `${answer.unsupported} sentences of the model are`}{" "}
            not supported by what is cited.
          </p>
        )}
        {cited.length > 0 && <Passages title="Sources" passages={cited} />}
        {others.length > 0 && (cited.length === 0 || answer?.answered) && (
          <details>
            <summary className="text-quiet hover:text-ink w-fit cursor-pointer py-1 text-xs">
              {cited.length > 0 ? "Also found" : "Found"}: {others.length}
            </summary>
            <Passages title="Also found" passages={others} />
          </details>
        )}
        {answer && <About answer={answer} />}
      </div>
    </article>
  );
}

function Text({ text, passages }: { text: string; passages: Passage[] }) {
  const url = useUrl();
  return (
    <p dir="auto" className="leading-relaxed text-pretty wrap-anywhere whitespace-pre-wrap">
      {piecesOf(text, passages.length).map(({ at, text, n }) => {
        const passage = passages.find((passage) => passage.n === n);
        return passage ? (
          <button
            key={at}
            type="button"
            title={passage.title}
            aria-label={`Source ${passage.n}: ${passage.title}`}
            onClick={() => url.set({ open: passage.id })}
            className="text-bronze bg-bronze-tint mx-0.5 inline-grid h-5 min-w-5 cursor-pointer place-items-center rounded-sm px-1 align-baseline text-xs font-semibold tabular-nums hover:underline"
          >
            {passage.n}
          </button>
        ) : (
          <span key={at}>{text}</span>
        );
      })}
    </p>
  );
}

function Passages({ title, passages }: { title: string; passages: Passage[] }) {
  const url = useUrl();
  const opened = url.get("open");
  return (
    <ol aria-label={title} className="border-line divide-line grid divide-y rounded-md border">
      {passages.map((passage) => {
        const { kind, text } = readTitle(passage);
        return (
          <li key={passage.n}>
            <button
              type="button"
              data-row={passage.id}
              aria-pressed={opened === passage.id}
              onClick={() => url.set({ open: passage.id })}
              className={cx(
                "focus-inside flex w-full cursor-pointer items-start gap-2.5 px-3 py-2 text-left",
                opened === passage.id ? "bg-bronze-tint" : "hover:bg-sunken",
              )}
            >
              <span className="text-bronze w-4 shrink-0 text-right text-xs leading-5 font-semibold tabular-nums">
                {passage.n}
              </span>
              <Mark provider={passage.source} size="sm" />
              <span className="min-w-0 flex-1">
                <span className="block wrap-anywhere">{text}</span>
                <span className="text-quiet block text-xs">
                  {kind} · <Time at={passage.occurredAt} />
                </span>
              </span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

/** The making of an answer, and the verdict on it. */
function About({ answer }: { answer: Answer }) {
  const workspace = useWorkspaceId();
  const [given, setGiven] = useState<"good" | "bad">();
  const give = async (verdict: "good" | "bad") => {
    try {
      const body = { verdict, requestId: answer.requestId };
      await data(api.POST("/api/feedback", { params: { query: { workspace } }, body }));
      setGiven(verdict);
      done("Thank you");
    } catch (error) {
      notDone("The feedback was not stored", error);
    }
  };
  const mark = (verdict: "good" | "bad") => cx(given === verdict && "text-bronze!");
  return (
    <div className="text-quiet flex flex-wrap items-center gap-1 text-xs">
      <span className="mr-1 tabular-nums">
        {answer.mode === "model" ? "Written by a language model" : "Quoted from what happened"} ·{" "}
        {answer.took < 1_000 ? `${Math.round(answer.took)} ms` : `${(answer.took / 1_000).toFixed(1)} s`}
      </span>
      <CopyButton iconOnly text={answer.text} label="Copy the answer" />
      <IconButton
        label="It helped"
        aria-pressed={given === "good"}
        className={mark("good")}
        onClick={() => void give("good")}
      >
        <ThumbsUp aria-hidden className="size-4" />
      </IconButton>
      <IconButton
        label="It did not help"
        aria-pressed={given === "bad"}
        className={mark("bad")}
        onClick={() => void give("bad")}
      >
        <ThumbsDown aria-hidden className="size-4" />
      </IconButton>
    </div>
  );
}
