// How the signed-in person gets in: their password, their sessions, and organisations that have invited them.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";

import { NewPassword } from "../../components/new-password";
import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { Field } from "../../components/ui/field";
import { Empty, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { api, data, useSession } from "../../lib/api";
import { useHasPassword } from "../../lib/password";
import { type Session, SessionList } from "./sessions";

export function SignInSettingsPage() {
  const session = useSession();
  return (
    <Page title="Sign-in" lead={`How you, ${session.data?.member.email ?? ""}, get into the console.`}>
      <div className="grid max-w-3xl gap-4">
        <Password />
        <Sessions />
        <Invitations />
      </div>
    </Page>
  );
}

function useSessions() {
  return useQuery({ queryKey: ["session", "all"], queryFn: async () => (await data(api.GET("/api/sessions"))).data });
}

/** The old password is not needed in the first hour after a sign-in link. */
const isFresh = ({ opened_by, created_at, is_current }: Session) =>
  is_current && opened_by === "link" && Date.now() - Date.parse(created_at) < 3_600_000;

function Password() {
  const queries = useQueryClient();
  const hasPassword = useHasPassword();
  const sessions = useSessions();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const needsOld = hasPassword !== false && !sessions.data?.some(isFresh);
  const save = useMutation({
    mutationFn: () => data(api.PUT("/api/session/password", { body: { new: next, old: needsOld ? old : undefined } })),
    onSuccess: () => {
      setOld("");
      setNext("");
      void queries.invalidateQueries({ queryKey: ["session"] });
      done("The password is changed, and all your other sessions are ended");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Panel title="Password" note={hasPassword === false && <Badge tone="warn">none yet</Badge>}>
      <form onSubmit={submit} className="grid max-w-sm gap-4 p-4">
        {hasPassword === false && (
          <p>You came by a link, which works once. With a password you get in again by yourself.</p>
        )}
        {needsOld && (
          <Field
            label="Present password"
            type="password"
            autoComplete="current-password"
            required
            value={old}
            onChange={(event) => setOld(event.target.value)}
          />
        )}
        <NewPassword label="New password" value={next} onChange={setNext} />
        {save.error && (
          <div className="-mx-4">
            <Failure error={save.error} />
          </div>
        )}
        <Button type="submit" kind="primary" busy={save.isPending} className="justify-self-start">
          {hasPassword === false ? "Choose the password" : "Change the password"}
        </Button>
      </form>
    </Panel>
  );
}

function Sessions() {
  const queries = useQueryClient();
  const sessions = useSessions();
  const end = useMutation({
    mutationFn: (id: string) => data(api.DELETE("/api/sessions/{id}", { params: { path: { id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["session", "all"] });
      done("The session is ended");
    },
  });
  return (
    <Panel title="Sessions" note="where you are signed in">
      {sessions.isPending && <Skeleton />}
      {sessions.isError && <Failure error={sessions.error} onRetry={() => void sessions.refetch()} />}
      <Failure error={end.error} />
      {sessions.data && (
        <SessionList
          sessions={sessions.data.slice(0, 30)}
          busy={end.isPending ? end.variables : undefined}
          onEnd={(id) => end.mutate(id)}
        />
      )}
      {sessions.data && sessions.data.length > 30 && (
        <p className="text-quiet border-line border-t px-4 py-2 text-xs">
          {sessions.data.length - 30} older ones are not shown. A change of the password ends all but this one.
        </p>
      )}
    </Panel>
  );
}

function Invitations() {
  const queries = useQueryClient();
  const invitations = useQuery({
    queryKey: ["invitation"],
    queryFn: async () => (await data(api.GET("/api/session/invitations"))).data,
  });
  const answer = useMutation({
    mutationFn: ({ organisation, accepts }: { organisation: string; name: string; accepts: boolean }) => {
      const params = { params: { path: { organisation } } };
      const path = "/api/session/invitations/{organisation}";
      return data<unknown>(accepts ? api.POST(path, params) : api.DELETE(path, params));
    },
    onSuccess: (_, { accepts, name }) => {
      void queries.invalidateQueries({ queryKey: ["invitation"] });
      done(
        accepts ? `You belong to ${name}: sign out and in again to go there` : `The invitation of ${name} is declined`,
      );
    },
  });
  return (
    <Panel title="Invitations" note="of other organisations">
      {invitations.isPending && <Skeleton lines={1} />}
      {invitations.isError && <Failure error={invitations.error} onRetry={() => void invitations.refetch()} />}
      {invitations.data?.length === 0 && <Empty>No other organisation has invited you.</Empty>}
      <Failure error={answer.error} />
      {answer.isSuccess && answer.variables.accepts && (
        <Joined organisation={answer.variables.organisation} name={answer.variables.name} />
      )}
      <ul className="divide-line divide-y">
        {invitations.data?.map(({ organisation_id, organisation, role }) => (
          <li key={organisation_id} className="flex min-h-12 flex-wrap items-center gap-2 px-4 py-2">
            <span className="min-w-32 flex-1">
              <span className="font-medium">{organisation}</span> <Badge>{role}</Badge>
            </span>
            <Button
              size="sm"
              disabled={answer.isPending}
              onClick={() => answer.mutate({ organisation: organisation_id, name: organisation, accepts: false })}
            >
              Decline
            </Button>
            <Button
              size="sm"
              kind="primary"
              disabled={answer.isPending}
              onClick={() => answer.mutate({ organisation: organisation_id, name: organisation, accepts: true })}
            >
              Accept
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** A session is for one organisation: to go to another one opens a session there. */
function Joined({ organisation, name }: { organisation: string; name: string }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const go = useMutation({
    mutationFn: () =>
      data(api.POST("/api/session/organisations/{organisation}", { params: { path: { organisation } } })),
    onSuccess: async () => {
      // Nothing of the organisation before may be seen in the next.
      queries.clear();
      await navigate({ to: "/" });
    },
  });
  return (
    <div className="bg-good-tint flex flex-wrap items-center gap-3 px-4 py-2">
      <p className="flex-1">You belong to {name} now.</p>
      <Button size="sm" busy={go.isPending} onClick={() => go.mutate()}>
        Go to {name}
      </Button>
      <Failure error={go.error} />
    </div>
  );
}
