// What all pages about notifications have: their name, and the way to the others.

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

const PAGES = [
  { to: "/notifications", name: "What I am told" },
  { to: "/notifications/inbox", name: "Inbox" },
  { to: "/notifications/workflows", name: "Workflows" },
  { to: "/notifications/runs", name: "Runs" },
  { to: "/notifications/slack", name: "Slack" },
  { to: "/notifications/email", name: "E-mail" },
] as const;

export function Frame({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <div className="grid gap-4">
      <nav aria-label="Notifications" className="-mx-1 flex gap-1 overflow-x-auto">
        {PAGES.map(({ to, name }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: to === "/notifications" }}
            className="text-quiet hover:text-ink rounded-md px-3 py-1.5 whitespace-nowrap"
            activeProps={{ className: "bg-raised text-ink font-medium", "aria-current": "page" }}
          >
            {name}
          </Link>
        ))}
      </nav>
      <header>
        <h1 className="text-lg font-semibold">{title}</h1>
        <p className="text-quiet mt-1 max-w-prose">{lead}</p>
      </header>
      {children}
    </div>
  );
}

/** What went wrong, in a sentence; nothing where nothing did. */
export function Trouble({ error }: { error: Error | null }) {
  return error && <p role="alert" className="text-bad">{error.message}</p>;
}
