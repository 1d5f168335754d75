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
import { type Person, toolName, usePeopleChanged } from "./person";
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
      lead="Their accounts become one person, in all workspaces. It can be undone by splitting them off."
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
  const changed = usePeopleChanged();
  const join = useMutation({
    mutationFn: () => {
      const path = { id: person.id };
      return data(api.POST("/api/people/{id}/merge", { params: { path }, body: { people: [other.id] } }));
    },
    onSuccess: async (joined) => {
      done(`${other.name} is joined`);
      await changed();
      onJoined(joined.people[0] ?? person.id);
    },
  });
  return (
    <li className="px-4 py-2">
      <div className="flex items-center gap-3">
        <Portrait name={other.name} />
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium">{other.name}</p>
          <p className="text-quiet truncate text-xs">
            {[...other.providers.map(toolName), other.email].filter(Boolean).join(" · ")}
          </p>
        </div>
        <Button size="sm" busy={join.isPending} aria-label={`Join ${other.name}`} onClick={() => join.mutate()}>
          Join
        </Button>
      </div>
      {join.error && (
        <div className="-mx-4">
          <Failure error={join.error} />
        </div>
      )}
    </li>
  );
}
