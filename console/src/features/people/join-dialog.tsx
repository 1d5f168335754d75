// Joins another person with the one that is looked at: found by name, address or id.

import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Button } from "../../components/ui/button";
import { Dialog } from "../../components/ui/dialog";
import { Field } from "../../components/ui/field";
import { Empty, Failure, Skeleton } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { useWorkspaceId } from "../../lib/url";
import { useSettled } from "../../lib/use-settled";
import { type Person, toolName, usePeopleChanged, usePerson } from "./person";
import { Portrait } from "./portrait";

type JoinProps = { person: Person; onClose: () => void; onJoined: (id: string) => void };

export function JoinDialog({ person, onClose, onJoined }: JoinProps) {
  const [text, setText] = useState("");
  const q = useSettled(text.trim(), 200) || undefined;
  const workspace = useWorkspaceId();
  const found = useQuery({
    queryKey: ["list", "person", "to-join", workspace, q],
    queryFn: () => data(api.GET("/api/people", { params: { query: { workspace, q, limit: 20 } } })),
    placeholderData: keepPreviousData,
  });
  const others = found.data?.data.filter(({ id }) => id !== person.id) ?? [];
  return (
    <Dialog
      title={`Who else is ${person.name}?`}
      lead="All of their accounts become one person, in all workspaces. It can be undone by splitting them off."
      open
      onClose={onClose}
    >
      <Field
        label="Find a person"
        type="search"
        placeholder="Name, address or id"
        maxLength={300}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <div className="-mx-4 mt-3 -mb-4 min-h-40">
        {found.isPending && <Skeleton lines={3} />}
        {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
        {found.data && others.length === 0 && <Empty>Nobody else in this workspace fits.</Empty>}
        <ul className="divide-line divide-y">
          {others.map((other) => (
            <Other key={other.id} person={person} other={other} onJoined={onJoined} />
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

type OtherProps = { person: Person; other: Person; onJoined: (id: string) => void };

function Other({ person, other, onJoined }: OtherProps) {
  const [showsAccounts, setShowsAccounts] = useState(false);
  const join = useJoin(person, onJoined);
  return (
    <li className="px-4 py-2">
      <div className="flex flex-wrap items-center gap-3">
        <Portrait name={other.name} />
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium">{other.name}</p>
          <p className="text-quiet truncate text-xs">
            {[...other.providers.map(toolName), other.email].filter(Boolean).join(" · ")}
          </p>
        </div>
        {other.providers.length > 1 && (
          <Button
            size="sm"
            kind="ghost"
            aria-expanded={showsAccounts}
            aria-label={`One account of ${other.name}`}
            onClick={() => setShowsAccounts(!showsAccounts)}
          >
            One account
          </Button>
        )}
        <Button
          size="sm"
          busy={join.isPending}
          aria-label={`Join ${other.name}`}
          onClick={() => join.mutate({ name: other.name, body: { people: [other.id] } })}
        >
          Join
        </Button>
      </div>
      {showsAccounts && <Accounts other={other} join={join} />}
      {join.error && (
        <div className="-mx-4">
          <Failure error={join.error} />
        </div>
      )}
    </li>
  );
}

type Joining = { name: string; body: { people: string[] } | { actors: string[] } };

/** Joins a person with all of their accounts, or one account alone. */
function useJoin(person: Person, onJoined: (id: string) => void) {
  const changed = usePeopleChanged();
  return useMutation({
    mutationFn: ({ body }: Joining) =>
      data(api.POST("/api/people/{id}/merge", { params: { path: { id: person.id } }, body })),
    onSuccess: async (joined, { name }) => {
      done(`${name} is joined`);
      await changed();
      onJoined(joined.people[0] ?? person.id);
    },
  });
}

/** The accounts of another person, to join one of them: the others stay. */
function Accounts({ other, join }: { other: Person; join: ReturnType<typeof useJoin> }) {
  const found = usePerson(other.id);
  if (found.isPending) return <Skeleton lines={2} />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  const accounts = found.data.identities.filter(({ provider }) => provider !== "vercel");
  return (
    <ul aria-label={`Accounts of ${other.name}`} className="mt-2 space-y-1 pl-11">
      {accounts.map(({ actorId, name, provider }) => (
        <li key={actorId} className="flex items-center gap-3">
          <p className="min-w-0 flex-1 truncate">
            {name} <span className="text-quiet text-xs">{toolName(provider)}</span>
          </p>
          <Button
            size="sm"
            kind="ghost"
            disabled={join.isPending}
            aria-label={`Join ${name} of ${toolName(provider)} alone`}
            onClick={() => join.mutate({ name, body: { actors: [actorId] } })}
          >
            Join alone
          </Button>
        </li>
      ))}
    </ul>
  );
}
