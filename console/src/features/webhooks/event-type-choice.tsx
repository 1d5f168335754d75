// Which event types an endpoint is sent: all of them, or some, chosen from a list by group.

import { useState } from "react";

import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CheckField, Field } from "../../components/ui/field";
import { Failure, Skeleton } from "../../components/ui/page";
import { Segments } from "../../components/ui/tabs";
import { type EventType, grouped } from "./client";
import { matching } from "./matching";

type ChoiceProps = {
  /** None: all. */
  chosen: string[] | null;
  onChange: (chosen: string[] | null) => void;
  types: { data?: EventType[]; isPending: boolean; error: Error | null; refetch: () => unknown };
};

export function EventTypeChoice({ chosen, onChange, types }: ChoiceProps) {
  const [search, setSearch] = useState("");
  const known = types.data ?? [];
  const gone = (chosen ?? []).filter((name) => !known.some((type) => type.name === name));
  const shown = matching(known, search, ({ name, description }) => [name, description]);
  const turn = (names: string[], on: boolean) => {
    const rest = (chosen ?? []).filter((name) => !names.includes(name));
    onChange(on ? [...rest, ...names] : rest);
  };
  return (
    <fieldset className="grid min-w-0 gap-3">
      <legend className="mb-1.5 font-medium">Events</legend>
      <div className="flex flex-wrap items-center gap-3">
        <Segments
          label="Which events"
          value={chosen ? "some" : "all"}
          options={[
            ["all", "All events"],
            ["some", "Chosen events"],
          ]}
          onChange={(value) => onChange(value === "all" ? null : [])}
        />
        <span className="text-quiet text-xs">
          {chosen ? `${chosen.length} of ${known.length} chosen` : "Also those that are added later."}
        </span>
      </div>
      {chosen && (
        <div className="border-line overflow-hidden rounded-md border">
          <div className="border-line border-b p-2">
            <Field
              label="Search events"
              hidesLabel
              type="search"
              placeholder="Search events"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          </div>
          <div
            className="focus-inside grid max-h-80 gap-3 overflow-y-auto p-3"
            role="group"
            aria-label="Event types"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
            tabIndex={0}
          >
            {types.isPending && <Skeleton />}
            <Failure error={types.error} onRetry={() => types.refetch()} />
            {types.data && shown.length === 0 && <p className="text-quiet">No event type fits.</p>}
            {grouped(shown).map(([group, members]) => (
              <Group key={group} title={group} members={members} chosen={chosen} onTurn={turn} />
            ))}
            {gone.map((name) => (
              <CheckField
                key={name}
                label={<code className="font-mono text-xs">{name}</code>}
                hint="Not in the catalogue any more."
                checked
                onChange={(on) => turn([name], on)}
              />
            ))}
          </div>
        </div>
      )}
    </fieldset>
  );
}

type GroupProps = {
  title: string;
  members: EventType[];
  chosen: string[];
  onTurn: (names: string[], on: boolean) => void;
};

function Group({ title, members, chosen, onTurn }: GroupProps) {
  const names = members.map(({ name }) => name);
  const isWhole = names.every((name) => chosen.includes(name));
  return (
    <div role="group" aria-label={title || "Others"} className="grid gap-2">
      <p className="flex items-center gap-2">
        <span className="text-quiet text-xs font-medium">{title || "Others"}</span>
        <Button kind="link" size="sm" onClick={() => onTurn(names, !isWhole)}>
          {isWhole ? `None of ${title || "these"}` : `All of ${title || "these"}`}
        </Button>
      </p>
      {members.map((type) => (
        <CheckField
          key={type.name}
          label={
            <span className="flex flex-wrap items-center gap-2">
              <code className="font-mono text-xs break-all">{type.name}</code>
              {type.deprecated && <Badge tone="warn">deprecated</Badge>}
            </span>
          }
          hint={type.description}
          checked={chosen.includes(type.name)}
          onChange={(on) => onTurn([type.name], on)}
        />
      ))}
    </div>
  );
}
