// What a step would say, as the server renders it while it is written.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";

import { Skeleton } from "../../../components/ui";
import { knock } from "../../../lib/knock";
import { BlockKit } from "./block-kit";
import type { Template } from "./document";

export type Sample = { data: unknown; recipient: unknown; activities: unknown };
type Rendered = {
  subject_line?: string;
  html_body?: string;
  text_body?: string;
  title?: string;
  body?: string;
  markdown?: string;
  summary?: string | null;
  json_content?: unknown;
  blocks?: { name: string; rendered?: string }[];
};
type Answer = { result: "success"; template: Rendered } | { result: "error"; errors: { message: string }[] };

/** The value as it was when nobody had changed it for a moment. */
function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), milliseconds);
    return () => window.clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}

export function Preview({ workflow, step, template, sample }: { workflow: string; step: string; template: Template; sample: Sample }) {
  const asked = useSettled(JSON.stringify({ ...sample, template }), 250);
  const shown = useQuery({
    queryKey: ["preview", workflow, step, asked],
    queryFn: () => knock<Answer>(`/workflows/${workflow}/steps/${step}/preview_template`, "POST", JSON.parse(asked)),
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
  if (shown.isPending) return <Skeleton />;
  const why = shown.error?.message ?? (shown.data?.result === "error" ? shown.data.errors[0]?.message : undefined);
  return (
    <div className="grid gap-3 p-4" aria-busy={shown.isFetching}>
      {why && <pre role="alert" className="text-bad overflow-x-auto text-xs whitespace-pre-wrap">{why}</pre>}
      {shown.data?.result === "success" && <Shown it={shown.data.template} />}
    </div>
  );
}

function Shown({ it }: { it: Rendered }) {
  const ways = waysOf(it);
  const [chosen, setChosen] = useState(0);
  const way = ways[Math.min(chosen, ways.length - 1)];
  const line = it.subject_line ?? it.title ?? it.summary;
  return (
    <>
      {line && <p className="font-semibold break-words">{line}</p>}
      {ways.length > 1 && (
        <div role="group" aria-label="Shown as" className="flex gap-1">
          {ways.map(({ name }, index) => (
            <button
              key={name}
              type="button"
              aria-pressed={way?.name === name}
              onClick={() => setChosen(index)}
              className="text-quiet aria-pressed:bg-ground aria-pressed:text-ink cursor-pointer rounded-md px-2.5 py-1 aria-pressed:font-medium"
            >
              {name}
            </button>
          ))}
        </div>
      )}
      {way?.shown}
    </>
  );
}

/** The ways in which it can be looked at; the first is how people get it. */
function waysOf(it: Rendered): { name: string; shown: ReactNode }[] {
  if (it.html_body !== undefined) {
    return [
      { name: "HTML", shown: <Framed html={it.html_body} /> },
      { name: "Text", shown: <Plain text={it.text_body ?? ""} /> },
      { name: "Source", shown: <Plain text={it.html_body} /> },
    ];
  }
  if (it.blocks) {
    const body = it.blocks.find((block) => block.name === "body")?.rendered ?? "";
    const action = it.blocks.find((block) => block.name === "action_url")?.rendered;
    const text = new DOMParser().parseFromString(body, "text/html").body.textContent ?? "";
    return [
      { name: "HTML", shown: <Framed html={body} /> },
      { name: "Text", shown: <Plain text={action ? `${text.trim()}\n${action}` : text.trim()} /> },
    ];
  }
  if (it.markdown !== undefined) {
    const plain = { name: "Text", shown: <Plain text={it.markdown} /> };
    if (!it.json_content) return [plain];
    const source = { name: "JSON", shown: <Plain text={JSON.stringify(it.json_content, null, 2)} /> };
    return [{ name: "Block Kit", shown: <BlockKit content={it.json_content} /> }, plain, source];
  }
  return [{ name: "Text", shown: <Plain text={it.body ?? JSON.stringify(it, null, 2)} /> }];
}

/** Somebody else's HTML: it runs nothing, and reaches nothing of ours. */
function Framed({ html }: { html: string }) {
  return <iframe title="As it looks" sandbox="" srcDoc={html} className="border-line h-96 w-full rounded border bg-white" />;
}

function Plain({ text }: { text: string }) {
  return <pre tabIndex={0} className="bg-ground max-h-96 overflow-auto rounded p-3 font-mono text-xs whitespace-pre-wrap">{text}</pre>;
}
