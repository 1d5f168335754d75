// An assistant asks to read: the signed-in member chooses a workspace and agrees, or does not.

import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";

import { Button } from "../../components/ui/button";
import { SelectField } from "../../components/ui/field";
import { Failure, Skeleton } from "../../components/ui/page";
import { api, data, type Schemas, useSession } from "../../lib/api";

type AccessRequest = Schemas["AccessRequestIn"];

/** The request in the address of the page. Fields that the server does not know are left out. */
function requestInAddress(query: string): AccessRequest {
  const given = new URLSearchParams(query);
  const text = (name: string) => given.get(name) ?? "";
  const optional = (name: string) => given.get(name) ?? undefined;
  return {
    client_id: text("client_id"),
    redirect_uri: text("redirect_uri"),
    response_type: text("response_type"),
    code_challenge: text("code_challenge"),
    code_challenge_method: text("code_challenge_method"),
    state: optional("state"),
    scope: optional("scope"),
    resource: optional("resource"),
  };
}

/** Where the member is sent: a web page by its host, a program by its scheme. */
function destination(address: string): string {
  const { protocol, host } = URL.canParse(address) ? new URL(address) : { protocol: address, host: "" };
  return protocol === "https:" || protocol === "http:" ? host : `the program that opens ${protocol}`;
}

const leave = (address: string) => window.location.assign(address);

export function AuthorizePage() {
  const [request] = useState(() => requestInAddress(window.location.search));
  const review = useQuery({
    queryKey: ["assistant-request", request],
    queryFn: () => data(api.POST("/api/assistants/requests", { body: request })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const sentBack = review.data?.redirect_to;
  useEffect(() => {
    if (sentBack) leave(sentBack);
  }, [sentBack]);
  return (
    <div className="mx-auto grid max-w-lg gap-4 p-4 py-10 sm:p-8">
      <title>Connect an assistant · Campanile</title>
      {review.isPending && <Skeleton lines={4} />}
      {review.isError && (
        <>
          <h1 className="text-lg font-semibold">This request cannot be trusted</h1>
          <p className="text-quiet">
            Nothing was allowed, and you are sent nowhere. Remove the connection in the assistant, and connect it again.
          </p>
          <Failure error={review.error} />
        </>
      )}
      {review.data?.client_name && <Decision name={review.data.client_name} request={request} />}
    </div>
  );
}

function Decision({ name, request }: { name: string; request: AccessRequest }) {
  const session = useSession().data;
  const workspaces = session?.workspaces ?? [];
  const [workspace, setWorkspace] = useState(workspaces[0]?.id ?? "");
  const decide = useMutation({
    mutationFn: (workspace_id: string | null) =>
      data(api.POST("/api/assistants/consents", { body: { request, workspace_id } })),
    onSuccess: ({ redirect_to }) => leave(redirect_to),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    decide.mutate(workspace);
  };
  if (decide.isSuccess) return <p role="status">You are sent back to {name}. This page can be closed.</p>;
  return (
    <form onSubmit={submit} className="border-line bg-raised grid gap-4 rounded-lg border p-5">
      <h1 className="text-lg font-semibold wrap-anywhere">May {name} read a workspace?</h1>
      <p>
        It may search and read what the workspace remembers, on your behalf, until you disconnect it in{" "}
        <em className="not-italic font-medium">Settings, Assistants</em>. It can change nothing.
      </p>
      <SelectField
        label="Workspace"
        hint="It reads this one only."
        value={workspace}
        onChange={(event) => setWorkspace(event.target.value)}
        options={workspaces.map(({ id, name }) => ({ value: id, title: name }))}
      />
      <p className="text-quiet text-xs wrap-anywhere">
        You are signed in as {session?.member.email}. You will be sent to{" "}
        <span className="text-ink font-medium">{destination(request.redirect_uri)}</span>. The name is the one that the
        assistant gave itself: agree only if you have just connected it.
      </p>
      {decide.isError && <Failure error={decide.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button disabled={decide.isPending} onClick={() => decide.mutate(null)}>
          Do not allow
        </Button>
        <Button type="submit" kind="primary" busy={decide.isPending}>
          Allow
        </Button>
      </div>
    </form>
  );
}
