// The layout of pages: the heading, boxes, lists of facts, and the placeholders while there is nothing.

import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

import { ApiError, isPassing } from "../../lib/api";
import { Button } from "./button";
import { cx } from "./cx";
import { Go, type Search } from "./go";

type Crumb = { title: string; to: string; search?: Search };

type PageProps = {
  title: string;
  /** The purpose of the page, in a sentence. */
  lead?: ReactNode;
  /** The pages that it is part of, outermost first. */
  crumbs?: Crumb[];
  /** Beside the title: states, kinds. */
  badges?: ReactNode;
  /** The actions of the page; the most wanted comes last. */
  actions?: ReactNode;
  /** Fills the window, and its parts scroll: for lists. Else the page scrolls. */
  fills?: boolean;
  children: ReactNode;
};

export function Page({ title, lead, crumbs, badges, actions, fills, children }: PageProps) {
  return (
    <div className={fills ? "flex h-full min-h-0 flex-col" : "mx-auto w-full max-w-6xl p-4 pb-16 sm:p-6"}>
      <title>{`${title} · Campanile`}</title>
      <header className={cx("flex flex-wrap items-start gap-x-4 gap-y-2", fills ? "px-4 pt-4 pb-3 sm:px-6" : "mb-5")}>
        <div className="min-w-0 flex-1 basis-64">
          {crumbs && (
            <nav aria-label="Path" className="text-quiet mb-0.5 flex flex-wrap items-center gap-1 text-xs">
              {crumbs.map(({ title, to, search }) => (
                <span key={to} className="flex items-center gap-1">
                  <Go to={to} search={search} className="hover:text-ink py-1 hover:underline">
                    {title}
                  </Go>
                  <ChevronRight aria-hidden className="size-3" />
                </span>
              ))}
            </nav>
          )}
          <div className="flex flex-wrap items-center gap-2">
            <h1 className="min-w-0 text-lg leading-7 font-semibold wrap-anywhere">{title}</h1>
            {badges}
          </div>
          {lead && <p className="text-quiet mt-0.5 max-w-prose">{lead}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

type PanelProps = { title: string; note?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string };

export function Panel({ title, note, actions, children, className }: PanelProps) {
  return (
    <section aria-label={title} className={cx("border-line bg-raised min-w-0 rounded-lg border", className)}>
      <header className="border-line flex min-h-11 flex-wrap items-center gap-x-2 gap-y-1 border-b px-4 py-1.5">
        <h2 className="font-semibold">{title}</h2>
        {note && <span className="text-quiet text-xs">{note}</span>}
        {actions && <span className="ml-auto flex items-center gap-2">{actions}</span>}
      </header>
      {children}
    </section>
  );
}

/** Names and their values, in two columns. */
export function Facts({ of }: { of: [name: string, value: ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[minmax(6rem,max-content)_minmax(0,1fr)] gap-x-4 gap-y-1.5 p-4">
      {of.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-quiet">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A sentence where a list would be. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className="text-quiet px-4 py-6">{children}</p>;
}

type EmptyStateProps = { icon?: ReactNode; title: string; children?: ReactNode; actions?: ReactNode };

/** Where nothing is yet: what would be here, and how to get it. */
export function EmptyState({ icon, title, children, actions }: EmptyStateProps) {
  return (
    <div className="mx-auto grid w-full max-w-2xl justify-items-center gap-3 px-4 py-10 text-center">
      {icon && (
        <span
          aria-hidden
          className="text-bronze bg-bronze-tint grid size-10 place-items-center rounded-full [&_svg]:size-5"
        >
          {icon}
        </span>
      )}
      <h2 className="font-semibold">{title}</h2>
      {children && <div className="text-quiet grid w-full gap-3 text-pretty">{children}</div>}
      {actions && <div className="flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}

/** A placeholder while something is read: lines of about the same height. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div aria-hidden className="grid gap-3 p-4">
      {Array.from({ length: lines }, (_, line) => line).map((line) => (
        <div
          key={line}
          className="bg-line/60 h-4 animate-pulse rounded motion-reduce:animate-none"
          style={{ width: `${90 - ((line * 23) % 45)}%` }}
        />
      ))}
    </div>
  );
}

/** The fault, with the request's id for the reader of the log, and a way on. */
export function Failure({ error, onRetry }: { error: Error | null | undefined; onRetry?: () => void }) {
  if (!error) return null;
  const id = error instanceof ApiError ? error.requestId : undefined;
  return (
    <div role="alert" className="border-bad/40 bg-bad-tint m-4 rounded-md border px-3 py-2">
      <p className="text-bad font-medium break-words">{error.message}</p>
      {(id || onRetry) && (
        <p className="text-quiet mt-1 flex flex-wrap items-center gap-x-3 text-xs">
          {id && (
            <span>
              Request <code className="font-mono">{id}</code>
            </span>
          )}
          {onRetry && isPassing(error) && (
            <Button kind="link" size="sm" onClick={onRetry}>
              Try again
            </Button>
          )}
        </p>
      )}
    </div>
  );
}
