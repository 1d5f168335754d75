// One member: their role, how they get in, their sessions, and how they go.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";

import { NewPassword } from "../../components/new-password";
import { Code, Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { DetailPanel } from "../../components/ui/detail-panel";
import { Confirm, Dialog, DialogActions } from "../../components/ui/dialog";
import { SelectField } from "../../components/ui/field";
import { Go } from "../../components/ui/go";
import { Facts, Failure, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { done } from "../../components/ui/toast";
import { api, data, type Schemas, useSession } from "../../lib/api";
import { paths } from "../../lib/paths";
import { ROLES, useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import type { Arrival } from "./arrivals";
import { SessionList } from "./sessions";

export type Member = Schemas["Member"];
type About = { member: Member; isLastOwner: boolean };
/** The invitation of a member, and the member who made it. */
export type Invited = { arrival: Arrival | undefined; by: Member | undefined };

type MemberPanelProps = About & Invited & { isInvited: boolean };

export function MemberPanel({ member, isLastOwner, isInvited, arrival, by }: MemberPanelProps) {
  const can = useCan();
  const isMe = useSession().data?.member.id === member.id;
  return (
    <DetailPanel title={member.name || member.email} badges={<Status word={isInvited ? "invited" : member.status} />}>
      <Facts
        of={[
          ["Mail", member.email],
          ["Role", can.administer ? <Role key="role" member={member} isLastOwner={isLastOwner} /> : member.role],
          ...(arrival
            ? [
                [
                  "Invited",
                  <span key="invited">
                    <Time at={arrival.at} className="text-sm" />
                    {by && ` by ${by.name || by.email}`}
                  </span>,
                ] as [string, ReactNode],
              ]
            : []),
          ["Joined", member.joined_at ? <Time key="joined" at={member.joined_at} /> : "not yet"],
          [
            "Recipient",
            <Go key="recipient" to={paths.user(member.id)} className="text-bronze hover:underline">
              Messages and preferences
            </Go>,
          ],
          [
            "Id",
            <span key="id" className="flex items-center gap-1">
              <Code>{member.id}</Code>
              <CopyButton iconOnly text={member.id} label="Copy the id" />
            </span>,
          ],
        ]}
      />
      {can.administer && (
        <Section title={isInvited ? "Invitation" : "Getting in"}>
          <div className="flex flex-wrap gap-2 px-4">
            <SendLink member={member} isInvited={isInvited} />
            {!isInvited && !isMe && <SetPassword member={member} />}
          </div>
        </Section>
      )}
      {(can.administer || isMe) && !isInvited && <Sessions member={member} isMe={isMe} />}
      {(can.administer || isMe) && (
        <Section title="Leaving">
          <div className="px-4">
            {isLastOwner ? (
              <p className="text-quiet">
                The last owner can neither leave nor be demoted. Make somebody else an owner first.
              </p>
            ) : (
              <Remove member={member} isMe={isMe} isInvited={isInvited} />
            )}
          </div>
        </Section>
      )}
    </DetailPanel>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-line border-t pt-3 pb-4">
      <h3 className="px-4 pb-2 font-semibold">{title}</h3>
      {children}
    </section>
  );
}

function Role({ member, isLastOwner }: About) {
  const queries = useQueryClient();
  const put = (role: string) =>
    data(api.PATCH("/api/members/{id}", { params: { path: { id: member.id } }, body: { role } }));
  const reread = () => queries.invalidateQueries({ queryKey: ["member"] });
  const change = useMutation({
    mutationFn: put,
    onSuccess: (_, role) => {
      const before = member.role;
      void reread();
      done(`${member.email} is ${role} now`, () => void put(before).then(reread));
    },
  });
  return (
    <SelectField
      label={`Role of ${member.email}`}
      hidesLabel
      disabled={isLastOwner || change.isPending}
      hint={isLastOwner ? "The last owner keeps the role." : undefined}
      problem={change.error?.message}
      options={ROLES.map(({ value, title }) => ({ value, title }))}
      value={change.isPending ? change.variables : member.role}
      onChange={(event) => change.mutate(event.target.value)}
    />
  );
}

function SendLink({ member, isInvited }: { member: Member; isInvited: boolean }) {
  const send = useMutation({
    mutationFn: () => data(api.POST("/api/members/{id}/sign-in-link", { params: { path: { id: member.id } } })),
    onSuccess: () => done(`A mail goes to ${member.email}`),
  });
  return (
    <>
      <Button busy={send.isPending} onClick={() => send.mutate()}>
        {isInvited ? "Send the invitation again" : "Send a sign-in link"}
      </Button>
      {send.error && (
        <div className="-mx-4 w-full">
          <Failure error={send.error} />
        </div>
      )}
    </>
  );
}

function SetPassword({ member }: { member: Member }) {
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState("");
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      data(api.PUT("/api/members/{id}/password", { params: { path: { id: member.id } }, body: { password } })),
    onSuccess: () => {
      setOpen(false);
      setPassword("");
      void queries.invalidateQueries({ queryKey: ["member-sessions", member.id] });
      done(`${member.email} signs in with the new password`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>Set a password</Button>
      <Dialog
        title={`Set a password for ${member.email}`}
        lead="It works for this organisation only, and ends all their sessions."
        open={open}
        onClose={() => setOpen(false)}
      >
        <form onSubmit={submit}>
          <NewPassword
            label="New password"
            value={password}
            onChange={setPassword}
            hint="Tell it to them in person."
            problem={save.error?.message}
          />
          <DialogActions>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button type="submit" kind="primary" busy={save.isPending}>
              Set the password
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}

function Sessions({ member, isMe }: { member: Member; isMe: boolean }) {
  const queries = useQueryClient();
  const key = ["member-sessions", member.id];
  const sessions = useQuery({
    queryKey: key,
    queryFn: async () =>
      (await data(api.GET("/api/members/{id}/sessions", { params: { path: { id: member.id } } }))).data,
  });
  const end = useMutation({
    mutationFn: (id: string) => data(api.DELETE("/api/sessions/{id}", { params: { path: { id } } })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: key }),
  });
  const endAll = async () => {
    await data(api.DELETE("/api/members/{id}/sessions", { params: { path: { id: member.id } } }));
    await queries.invalidateQueries({ queryKey: isMe ? ["session"] : key });
    done(`${member.email} is signed out everywhere`);
  };
  return (
    <Section title="Sessions">
      {sessions.isPending && <Skeleton lines={2} />}
      {sessions.isError && <Failure error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {sessions.data && (
        <SessionList
          sessions={sessions.data.slice(0, 20)}
          busy={end.isPending ? end.variables : undefined}
          onEnd={isMe ? undefined : (id) => end.mutate(id)}
        />
      )}
      <Failure error={end.error} />
      {sessions.data && sessions.data.length > 0 && (
        <div className="px-4 pt-2">
          <Confirm
            trigger={
              <Button size="sm" kind="danger">
                End all sessions
              </Button>
            }
            title={`Sign ${isMe ? "yourself" : member.email} out everywhere?`}
            action="End all sessions"
            onConfirm={endAll}
          >
            <p>
              All of {isMe ? "your" : "their"} browsers are signed out at once{isMe ? ", this one as well" : ""}, and
              links that were not used yet stop working.
            </p>
          </Confirm>
        </div>
      )}
    </Section>
  );
}

function Remove({ member, isMe, isInvited }: { member: Member; isMe: boolean; isInvited: boolean }) {
  const queries = useQueryClient();
  const url = useUrl();
  const remove = async () => {
    await data(api.DELETE("/api/members/{id}", { params: { path: { id: member.id } } }));
    url.set({ open: undefined }, { replace: true });
    void queries.invalidateQueries({ queryKey: isMe ? ["session"] : ["member"] });
    done(isInvited ? `The invitation of ${member.email} is withdrawn` : `${member.email} was removed`);
  };
  const title = isInvited ? "Withdraw the invitation" : isMe ? "Leave the organisation" : "Remove the member";
  return (
    <Confirm
      trigger={<Button kind="danger">{title}</Button>}
      title={
        isInvited
          ? `Withdraw the invitation of ${member.email}?`
          : isMe
            ? "Leave the organisation?"
            : `Remove ${member.email}?`
      }
      action={title}
      onConfirm={remove}
    >
      {isInvited ? (
        <p>The link in their mail stops working, and they are no member any more.</p>
      ) : (
        <>
          <p>{isMe ? "You are" : "They are"} signed out at once and not notified any more.</p>
          <p>
            Secret keys that {isMe ? "you" : "they"} made stay valid for the organisation: revoke those that should not.
          </p>
        </>
      )}
    </Confirm>
  );
}
