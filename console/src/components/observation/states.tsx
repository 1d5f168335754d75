// The states of the things that an observation is about: each kind of state with its changes, the newest first.

import { useQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../lib/api";
import { words } from "../../lib/format";
import { paths } from "../../lib/paths";
import { useWorkspaceId } from "../../lib/url";
import { Go } from "../ui/go";
import { Empty, Failure, Skeleton } from "../ui/page";
import { Time } from "../ui/time";

type State = Schemas["StateView"];

export const useStates = (observation: string) => {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["observation", "states", workspace, observation],
    queryFn: () => data(api.GET("/api/states", { params: { query: { observation, workspace } } })),
  });
};

export function States({ id }: { id: string }) {
  const states = useStates(id);
  if (states.isPending) return <Skeleton />;
  if (states.isError) return <Failure error={states.error} onRetry={() => void states.refetch()} />;
  if (states.data.data.length === 0) return <Empty>It tells no state of anything.</Empty>;
  return <StateChanges states={states.data.data} here={id} />;
}

/** Each kind of state of each thing with its changes. The changes of the observation that is looked at are no links. */
export function StateChanges({ states, here }: { states: State[]; here?: string }) {
  const groups = grouped(states);
  return (
    <div className="divide-line divide-y">
      {groups.map(([title, changes]) => (
        <section key={title} aria-label={title} className="px-4 py-3">
          <h3 className="text-quiet pb-1 text-xs wrap-anywhere first-letter:uppercase">{title}</h3>
          <ol className="grid gap-1">
            {changes.map((change) => (
              <Change
                key={`${change.validFrom} ${change.observationId}`}
                change={change}
                isHere={change.observationId === here}
              />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function Change({ change, isHere }: { change: State; isHere: boolean }) {
  const value = change.value ?? "nobody";
  return (
    <li className="flex min-w-0 flex-wrap items-baseline gap-x-2">
      {isHere ? (
        <span className="font-medium wrap-anywhere">{value}</span>
      ) : (
        <Go to={paths.observation(change.observationId)} className="text-bronze wrap-anywhere hover:underline">
          {value}
        </Go>
      )}
      <span className="text-quiet text-xs">
        since <Time at={change.validFrom} />
        {change.changedBy && ` by ${change.changedBy.name}`}
        {change.isCurrent && " · now"}
      </span>
    </li>
  );
}

/** The changes by thing and kind of state. */
function grouped(states: State[]): [string, State[]][] {
  const groups = new Map<string, State[]>();
  for (const state of states) {
    const name = state.entity.type === "service" ? state.entity.id : state.name;
    const title = `${words(state.state)} of ${name}`;
    groups.set(title, [...(groups.get(title) ?? []), state]);
  }
  return [...groups];
}
