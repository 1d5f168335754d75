// Sessions as lists show them: how they were opened, since when, until when; each can be ended.

import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { Empty } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import type { Schemas } from "../../lib/api";
import { exactly } from "../../lib/format";

export type Session = Schemas["PageView_SessionView"]["data"][number];

const OPENED: Record<string, string> = {
  password: "By password",
  link: "By a sign-in link",
  unknown: "Before it was recorded how",
};

export function SessionList({
  sessions,
  busy,
  onEnd,
}: {
  sessions: Session[];
  busy?: string;
  onEnd?: (id: string) => void;
}) {
  if (sessions.length === 0) return <Empty>Nobody is signed in.</Empty>;
  return (
    <ul className="divide-line divide-y">
      {sessions.map(({ id, opened_by, is_current, created_at, expires_at }) => (
        <li key={id} className="flex min-h-12 items-center gap-3 px-4 py-1.5">
          <span className="min-w-0 flex-1">
            <span className="flex items-center gap-2">
              {OPENED[opened_by] ?? opened_by}
              {is_current && <Badge tone="good">this one</Badge>}
            </span>
            <span className="text-quiet block text-xs">
              Since <Time at={created_at} />, until {exactly(expires_at)}
            </span>
          </span>
          {onEnd && !is_current && (
            <Button
              size="sm"
              busy={busy === id}
              aria-label={`End the session of ${exactly(created_at)}`}
              onClick={() => onEnd(id)}
            >
              End
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
