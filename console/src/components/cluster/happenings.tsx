// The observations of a cluster in the order in which they happened, each at its time.

import type { Observation } from "../../lib/api";
import { exactly } from "../../lib/format";
import { actorOf, readTitle } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { Score } from "../ui/badge";
import { Go } from "../ui/go";
import { Mark } from "../ui/provider-mark";

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export function Happenings({ of, threshold }: { of: Observation[]; threshold?: number }) {
  const inOrder = [...of].reverse();
  return (
    <ol className="px-4 py-2">
      {inOrder.map((it, place) => {
        const date = new Date(it.occurred_at);
        const before = inOrder[place - 1];
        const isNewDay = !before || day.format(new Date(before.occurred_at)) !== day.format(date);
        return <Happening key={it.id} it={it} day={isNewDay ? day.format(date) : undefined} threshold={threshold} />;
      })}
    </ol>
  );
}

function Happening({ it, day, threshold }: { it: Observation; day?: string; threshold?: number }) {
  const { kind, text } = readTitle(it);
  return (
    <li className="flex items-start gap-3">
      <time
        dateTime={it.occurred_at}
        title={exactly(it.occurred_at)}
        className="text-quiet w-12 shrink-0 pt-2 text-right text-xs tabular-nums"
      >
        {day && <span className="text-ink block font-medium">{day}</span>}
        {clock.format(new Date(it.occurred_at))}
      </time>
      <Go
        to={paths.observation(it.id)}
        className="hover:bg-sunken flex min-w-0 flex-1 items-start gap-2.5 rounded-md px-1.5 py-1.5"
      >
        <Mark provider={it.provider} size="sm" />
        <span className="min-w-0 flex-1">
          <span className="line-clamp-2 font-medium wrap-anywhere">{text}</span>
          <span className="text-quiet block truncate text-xs">
            {[providerName(it.provider), kind, actorOf(it)?.name].filter(Boolean).join(" · ")}
          </span>
        </span>
        <Score value={it.significance} threshold={threshold} />
      </Go>
    </li>
  );
}
