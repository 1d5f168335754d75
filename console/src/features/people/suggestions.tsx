// People who may be one: joined by a click, or said to be different.

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { Button } from "../../components/ui/button";
import { Dialog } from "../../components/ui/dialog";
import { Go } from "../../components/ui/go";
import { Empty, Failure, Skeleton } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { percent } from "../../lib/format";
import { paths } from "../../lib/paths";
import { type Person, reasonInWords, type Suggestion, toolName, usePeopleChanged, useSuggestions } from "./person";
import { Portrait } from "./portrait";

/** The number of suggestions, with a way to look through them; nothing if there are none. */
export function SuggestionsNote() {
  const suggestions = useSuggestions();
  const [isOpen, setOpen] = useState(false);
  const count = suggestions.data?.data.length ?? 0;
  return (
    <>
      {count > 0 && (
        <p className="text-quiet flex flex-wrap items-center gap-x-3 gap-y-1 px-4 pb-3 sm:px-6">
          {count === 1 ? "Two people may be one." : `${count} pairs of people may be one.`}
          <Button size="sm" onClick={() => setOpen(true)}>
            Look at them
          </Button>
        </p>
      )}
      <Dialog
        title="People who may be one"
        lead="Joined, they are one person in all workspaces. It can be undone on the person's page."
        open={isOpen}
        onClose={() => setOpen(false)}
        wide
      >
        <div className="-m-4">
          <Suggestions />
        </div>
      </Dialog>
    </>
  );
}

/** The suggestions, of a person or of everybody. */
export function Suggestions({ person, onJoined }: { person?: string; onJoined?: (id: string) => void }) {
  const suggestions = useSuggestions(person);
  if (suggestions.isPending) return <Skeleton lines={2} />;
  if (suggestions.isError) return <Failure error={suggestions.error} onRetry={() => void suggestions.refetch()} />;
  if (suggestions.data.data.length === 0) return <Empty>Nobody else looks like the same person.</Empty>;
  return (
    <ul className="divide-line divide-y">
      {suggestions.data.data.map((one) => (
        <Pair key={one.people.map(({ id }) => id).join(" ")} suggestion={one} of={person} onJoined={onJoined} />
      ))}
    </ul>
  );
}

type PairProps = { suggestion: Suggestion; of?: string; onJoined?: (id: string) => void };

function Pair({ suggestion: { people, reason, shared, confidence }, of, onJoined }: PairProps) {
  const changed = usePeopleChanged();
  const ids = people.map(({ id }) => id);
  const join = useMutation({
    mutationFn: () => {
      const [id = "", ...others] = of ? [of, ...ids.filter((id) => id !== of)] : ids;
      return data(api.POST("/api/people/{id}/merge", { params: { path: { id } }, body: { people: others } }));
    },
    onSuccess: async (joined) => {
      done("Joined");
      await changed();
      if (joined.people[0]) onJoined?.(joined.people[0]);
    },
  });
  const apart = useMutation({
    mutationFn: () => data(api.POST("/api/people/apart", { body: { people: ids } })),
    onSuccess: async () => {
      done("They are different people");
      await changed();
    },
  });
  const busy = join.isPending || apart.isPending;
  return (
    <li className="px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="grid min-w-0 flex-1 basis-64 gap-1.5">
          {people
            .filter(({ id }) => id !== of)
            .map((person) => (
              <Who key={person.id} person={person} />
            ))}
        </div>
        <span className="flex gap-2">
          <Button size="sm" busy={busy} onClick={() => join.mutate()}>
            Join
          </Button>
          <Button size="sm" kind="ghost" busy={busy} onClick={() => apart.mutate()}>
            Different people
          </Button>
        </span>
      </div>
      <p className="text-quiet mt-1.5 text-xs wrap-anywhere">
        {reasonInWords(reason)}: {shared} · {percent(confidence)}
      </p>
      {(join.error ?? apart.error) && (
        <div className="-mx-4">
          <Failure error={join.error ?? apart.error} />
        </div>
      )}
    </li>
  );
}

function Who({ person: { id, name, providers, email } }: { person: Person }) {
  return (
    <span className="flex min-w-0 items-center gap-2">
      <Portrait name={name} />
      <Go to={paths.person(id)} className="text-bronze truncate hover:underline">
        {name}
      </Go>
      <span className="text-quiet truncate text-xs">
        {[...providers.map(toolName), email].filter(Boolean).join(" · ")}
      </span>
    </span>
  );
}
