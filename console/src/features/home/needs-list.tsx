// The things that need a person: each with the way to where it is mended.

import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";

import { Go } from "../../components/ui/go";
import { Failure, Panel, Skeleton } from "../../components/ui/page";
import { type Need, needsOf } from "./needs";
import { useFacts } from "./reading";

export function NeedsYou() {
  const { facts, isPending, errors, retry } = useFacts();
  const needs = needsOf(facts);
  return (
    <Panel title="Needs you" note={needs.length > 0 && `${needs.length}`}>
      {errors[0] && <Failure error={errors[0]} onRetry={retry} />}
      {isPending && needs.length === 0 && <Skeleton />}
      {!isPending && needs.length === 0 && errors.length === 0 && (
        <p className="text-quiet flex items-center gap-2 px-4 py-6">
          <CircleCheck aria-hidden className="text-good size-5" />
          Nothing. All that came in was processed, and what goes out arrives.
        </p>
      )}
      <ul className="divide-line divide-y">
        {needs.map((need) => (
          <Row key={need.key} need={need} />
        ))}
      </ul>
    </Panel>
  );
}

function Row({ need: { tone, title, detail, to, search } }: { need: Need }) {
  const Icon = tone === "bad" ? CircleAlert : TriangleAlert;
  return (
    <li>
      <Go to={to} search={search} className="focus-inside hover:bg-sunken flex items-start gap-3 px-4 py-2.5">
        <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${tone === "bad" ? "text-bad" : "text-warn"}`} />
        <span className="min-w-0">
          <span className="block font-medium break-words">{title}</span>
          <span className="text-quiet block text-xs break-words">{detail}</span>
        </span>
      </Go>
    </li>
  );
}
