// The people of the organisation, those who are invited, and what each may do.

import { useQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";

import { Badge, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { DetailPanel, WithPanel } from "../../components/ui/detail-panel";
import { Failure, Page, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { usePageActions } from "../../lib/actions";
import { api, data, useSession } from "../../lib/api";
import { ROLES, useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import { isWaiting, useArrivals } from "./arrivals";
import { Invite } from "./invite";
import { type Invited, type Member, MemberPanel } from "./member-panel";

/** So often, in milliseconds, the members are read again while somebody has not signed in yet. */
const EVERY = 10_000;

export function useMembers() {
  return useQuery({
    queryKey: ["member"],
    queryFn: async () => (await data(api.GET("/api/members"))).data,
    refetchInterval: ({ state }) => (state.data?.some(isWaiting) ? EVERY : false),
  });
}

export function MembersPage() {
  const url = useUrl();
  const can = useCan();
  const members = useMembers();
  const [invites, setInvites] = useState(false);
  usePageActions(can.administer ? [{ title: "Invite a member", icon: <UserPlus />, run: () => setInvites(true) }] : []);
  const all = members.data ?? [];
  const arrivals = useArrivals(all);
  const active = all.filter((member) => !isWaiting(member));
  const invited = all.filter(isWaiting);
  const owners = all.filter(({ role, status }) => role === "owner" && status !== "invited").length;
  const invitationOf = ({ id }: Member) => {
    const arrival = arrivals.get(id);
    return { arrival, by: all.find((member) => member.id === arrival?.by) };
  };
  const opened = members.data?.find(({ id }) => id === url.get("open"));
  const actions = can.administer && (
    <Button kind="primary" onClick={() => setInvites(true)}>
      <UserPlus aria-hidden className="size-4" />
      Invite a member
    </Button>
  );
  return (
    <Page
      title="Members"
      lead={
        can.administer
          ? "Who belongs to the organisation, and what each may do."
          : "Who belongs to the organisation. Owners invite and remove people."
      }
      fills
      actions={actions}
    >
      <WithPanel
        panel={(id) =>
          opened ? (
            <MemberPanel
              key={id}
              member={opened}
              isInvited={isWaiting(opened)}
              isLastOwner={opened.role === "owner" && opened.status !== "invited" && owners === 1}
              {...invitationOf(opened)}
            />
          ) : (
            <DetailPanel title="Member">
              {members.isPending ? <Skeleton /> : <p className="text-quiet p-4">There is no such member any more.</p>}
            </DetailPanel>
          )
        }
      >
        <div className="border-line bg-raised min-h-0 min-w-0 flex-1 overflow-y-auto border-t">
          {members.isPending && <Skeleton lines={4} />}
          {members.isError && <Failure error={members.error} onRetry={() => void members.refetch()} />}
          {members.data && <People title="Members" people={active} />}
          {invited.length > 0 && (
            <People title="Invited, not signed in yet" people={invited} invitationOf={invitationOf} />
          )}
          {members.data && <Roles />}
        </div>
      </WithPanel>
      {invites && <Invite onClose={() => setInvites(false)} />}
    </Page>
  );
}

type PeopleProps = { title: string; people: Member[]; invitationOf?: (member: Member) => Invited };

function People({ title, people, invitationOf }: PeopleProps) {
  const url = useUrl();
  const me = useSession().data?.member.id;
  return (
    <section aria-label={title}>
      <h2 className="border-line text-quiet border-b px-4 py-2 text-xs font-medium sm:px-6">
        {title} <span className="tabular-nums">{people.length}</span>
      </h2>
      <ul>
        {people.map((person) => (
          <li key={person.id}>
            <button
              type="button"
              data-row={person.id}
              aria-pressed={url.get("open") === person.id}
              onClick={() => url.set({ open: person.id }, { replace: url.get("open") !== undefined })}
              className="focus-inside border-line hover:bg-sunken aria-pressed:bg-bronze-tint flex min-h-12 w-full cursor-pointer items-center gap-3 border-b px-4 py-1.5 text-left sm:px-6"
            >
              <span
                aria-hidden
                className="bg-sunken border-line grid size-8 shrink-0 place-items-center rounded-full border text-xs font-semibold uppercase"
              >
                {(person.name || person.email).slice(0, 2)}
              </span>
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">
                  {person.name || person.email}
                  {person.id === me && <span className="text-quiet font-normal"> (you)</span>}
                </span>
                <span className="text-quiet block truncate text-xs">{person.email}</span>
                {invitationOf && <InvitedLine {...invitationOf(person)} />}
              </span>
              {invitationOf && <Status word="invited" />}
              <Badge tone={person.role === "owner" ? "bronze" : "quiet"}>{person.role}</Badge>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function InvitedLine({ arrival, by }: Invited) {
  if (!arrival) return null;
  return (
    <span className="text-quiet block truncate text-xs">
      Invited <Time at={arrival.at} />
      {by && ` by ${by.name || by.email}`}
    </span>
  );
}

function Roles() {
  return (
    <dl className="text-quiet grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1 px-4 py-4 text-xs sm:px-6">
      {ROLES.map(({ value, title, about }) => (
        <div key={value} className="contents">
          <dt className="font-medium">{title}</dt>
          <dd>{about}.</dd>
        </div>
      ))}
    </dl>
  );
}
