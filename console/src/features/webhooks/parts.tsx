// What the pages of webhooks have in common.

import { Check, Copy } from "lucide-react";
import { useState, type ReactNode } from "react";

import { Button, Empty, Skeleton, Status } from "../../components/ui";
import type { ListOf } from "./context";

/** A list that is read as somebody wants more of it. */
export function Listed<T>({ of, none, children }: { of: ListOf<T>; none: ReactNode; children: (item: T) => ReactNode }) {
  if (of.isPending) return <Skeleton />;
  if (of.isError) return <Failure error={of.error} />;
  const items = of.data.pages.flatMap((page) => page.data);
  if (items.length === 0) return <Empty>{none}</Empty>;
  return (
    <>
      <ul className="divide-line divide-y">{items.map(children)}</ul>
      {of.hasNextPage && (
        <p className="border-line border-t px-4 py-3">
          <Button kind="plain" onClick={() => void of.fetchNextPage()} disabled={of.isFetchingNextPage}>
            Show more
          </Button>
        </p>
      )}
    </>
  );
}

export function Failure({ error }: { error: Error }) {
  return <p role="alert" className="text-bad px-4 py-3">{error.message}</p>;
}

export function Copied({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1_500);
  };
  return (
    <Button kind="icon" onClick={() => void copy()} aria-label={`Copy ${what}`}>
      {done ? <Check className="text-good size-4" /> : <Copy className="size-4" />}
    </Button>
  );
}

/** JSON, or whatever else it is. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <pre tabIndex={0} aria-label={label} className="bg-ground max-h-96 overflow-auto p-4 font-mono text-xs break-words whitespace-pre-wrap">
      {pretty(text)}
    </pre>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text || "(empty)";
  }
}

/** How an attempt ended, with what was answered. */
export function Outcome({ word, code }: { word: string; code?: number }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <Status word={word} />
      {code ? <span className="text-quiet font-mono text-xs">{code}</span> : null}
    </span>
  );
}

export function Heading({ title, note, children }: { title: string; note?: ReactNode; children?: ReactNode }) {
  return (
    <header className="mb-4 flex flex-wrap items-center gap-3">
      <div className="min-w-48 flex-1">
        <h1 className="text-lg font-semibold break-all">{title}</h1>
        {note && <p className="text-quiet">{note}</p>}
      </div>
      {children}
    </header>
  );
}

export const SELECT = "border-line bg-raised h-9 max-w-full rounded-md border px-2";
export const AREA = "border-line bg-raised w-full rounded-md border p-3 font-mono text-xs";
