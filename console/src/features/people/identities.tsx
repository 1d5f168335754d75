// The accounts of a person: how each was found, and the way to take one out.

import { Button } from "../../components/ui/button";
import { Confirm } from "../../components/ui/dialog";
import { Mark } from "../../components/ui/provider-mark";
import { Time } from "../../components/ui/time";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { percent } from "../../lib/format";
import { useCan } from "../../lib/role";
import { foundInWords, type Identity, isOnlyShown, type PersonDetail, toolName, usePeopleChanged } from "./person";

export function Identities({ it }: { it: PersonDetail }) {
  const can = useCan();
  const own = new Set(it.identities.filter((one) => !isOnlyShown(one)).map(({ actorId }) => actorId));
  return (
    <ul className="divide-line divide-y">
      {it.identities.map((identity) => (
        <li
          key={`${identity.provider} ${identity.providerId}`}
          className="flex flex-wrap items-center gap-3 px-4 py-2.5"
        >
          <Mark provider={identity.provider} size="sm" />
          <div className="min-w-0 flex-1 basis-48">
            <p className="truncate">
              <span className="font-medium">{identity.name}</span>{" "}
              <span className="text-quiet">{toolName(identity.provider)}</span>
            </p>
            <p className="text-quiet text-xs wrap-anywhere">
              {[identity.email, foundInWords(identity), percent(identity.confidence)].filter(Boolean).join(" · ")}
              {identity.seenAt && (
                <>
                  {" · seen "}
                  <Time at={identity.seenAt} />
                </>
              )}
            </p>
          </div>
          {can.configure && (own.size > 1 || isOnlyShown(identity)) && identity.provider !== "vercel" && (
            <TakeOut person={it} identity={identity} />
          )}
        </li>
      ))}
    </ul>
  );
}

function TakeOut({ person, identity }: { person: PersonDetail; identity: Identity }) {
  const changed = usePeopleChanged();
  const split = async () => {
    if (isOnlyShown(identity)) {
      await data(api.POST("/api/people/apart", { body: { people: [person.id, identity.actorId] } }));
    } else {
      const path = { id: person.id };
      await data(api.POST("/api/people/{id}/split", { params: { path }, body: { actors: [identity.actorId] } }));
    }
    done(`${identity.name} is a person of their own`);
    await changed();
  };
  return (
    <Confirm
      trigger={
        <Button size="sm" kind="ghost" aria-label={`Split off ${identity.name} of ${toolName(identity.provider)}`}>
          Split off
        </Button>
      }
      title={`Is ${identity.name} somebody else?`}
      action="Split off"
      onConfirm={split}
    >
      <p>
        The account at {toolName(identity.provider)} becomes a person of its own, in all workspaces, and is not joined
        again by its mail address. You can join it again by hand.
      </p>
    </Confirm>
  );
}
