// Assistants: how one is connected, the keys that they read with, and those that members have connected.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Code } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { Confirm, Dialog, DialogActions } from "../../components/ui/dialog";
import { Field, SelectField } from "../../components/ui/field";
import { Empty, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { done } from "../../components/ui/toast";
import { usePageActions } from "../../lib/actions";
import { api, data, useSession, useWorkspace } from "../../lib/api";
import { useCan } from "../../lib/role";
import { waysToConnect } from "./assistant-snippets";
import { listTools, toolsAddress } from "./assistant-tools";
import { KeyRow } from "./keys-page";

export function AssistantsPage() {
  const can = useCan();
  const [making, setMaking] = useState(false);
  usePageActions(can.administer ? [{ title: "New memory key", icon: <Plus />, run: () => setMaking(true) }] : []);
  return (
    <Page
      title="Assistants"
      lead="Claude, ChatGPT, Cursor and others search what a workspace remembers. They can change nothing."
      actions={
        can.administer && (
          <Button kind="primary" onClick={() => setMaking(true)}>
            <Plus aria-hidden className="size-4" />
            New memory key
          </Button>
        )
      }
    >
      <div className="grid max-w-4xl gap-4">
        <Connect />
        <Connected />
        {can.administer ? (
          <MemoryKeys />
        ) : (
          <Panel title="Memory keys">
            <Empty>Owners see and make memory keys.</Empty>
          </Panel>
        )}
        <Tools />
      </div>
      {making && <NewMemoryKey onClose={() => setMaking(false)} />}
    </Page>
  );
}

const useAddress = () => useQuery({ queryKey: ["tools-address"], queryFn: toolsAddress, staleTime: 60_000 });

function Connect() {
  const address = useAddress();
  return (
    <Panel title="Connect an assistant" note="over Streamable HTTP; nothing is installed">
      {address.isPending && <Skeleton lines={3} />}
      {address.isError && <Failure error={address.error} onRetry={() => void address.refetch()} />}
      {address.data && (
        <div className="grid gap-3 p-4">
          <span className="border-line bg-sunken flex items-center gap-2 rounded-md border py-1 pr-1 pl-3">
            <code className="min-w-0 flex-1 font-mono text-xs break-all">{address.data}</code>
            <CopyButton text={address.data} label="Copy the address" iconOnly />
          </span>
          <p className="text-quiet max-w-prose">
            An assistant that is given this address asks you to sign in here, and which workspace it may read. One that
            cannot do that, or runs where nobody signs in, is given a memory key as well.
          </p>
          <Snippet label="Connect an assistant" tabs={waysToConnect(address.data)} />
        </div>
      )}
    </Panel>
  );
}

/** The name of a workspace of the organisation. */
function useWorkspaceName() {
  const all = useSession().data?.workspaces ?? [];
  return (id: string) => all.find((workspace) => workspace.id === id)?.name ?? id;
}

function Connected() {
  const queries = useQueryClient();
  const can = useCan();
  const nameOf = useWorkspaceName();
  const connections = useQuery({
    queryKey: ["assistant"],
    queryFn: async () => (await data(api.GET("/api/assistants"))).data,
  });
  const disconnect = (id: string, name: string) => async () => {
    await data(api.DELETE("/api/assistants/{id}", { params: { path: { id } } }));
    await queries.invalidateQueries({ queryKey: ["assistant"] });
    done(`${name} is disconnected`);
  };
  return (
    <Panel
      title="Connected assistants"
      note={can.administer ? "of all members; each reads on behalf of one" : "that read on your behalf"}
    >
      {connections.isPending && <Skeleton lines={2} />}
      {connections.isError && <Failure error={connections.error} onRetry={() => void connections.refetch()} />}
      {connections.data?.length === 0 && <Empty>No assistant is connected. Memory keys are listed below.</Empty>}
      <ul className="divide-line divide-y">
        {connections.data?.map(({ id, client_name, workspace_id, person_email, created_at, last_used_at }) => (
          <KeyRow
            key={id}
            name={client_name}
            shown={
              <span className="text-quiet min-w-0 truncate text-xs">
                {nameOf(workspace_id)}
                {can.administer && `, for ${person_email}`}
              </span>
            }
            at={created_at}
            usedAt={last_used_at ?? null}
            actions={
              <Confirm
                trigger={
                  <Button size="sm" kind="danger" aria-label={`Disconnect ${client_name}`}>
                    Disconnect
                  </Button>
                }
                title={`Disconnect ${client_name}?`}
                action="Disconnect it"
                onConfirm={disconnect(id, client_name)}
              >
                <p>It is refused at once. It can be connected again.</p>
              </Confirm>
            }
          />
        ))}
      </ul>
    </Panel>
  );
}

function MemoryKeys() {
  const queries = useQueryClient();
  const nameOf = useWorkspaceName();
  const keys = useQuery({
    queryKey: ["memory-key"],
    queryFn: async () => (await data(api.GET("/api/memory-keys"))).data,
  });
  const revoke = (id: string, name: string) => async () => {
    await data(api.DELETE("/api/memory-keys/{id}", { params: { path: { id } } }));
    await queries.invalidateQueries({ queryKey: ["memory-key"] });
    done(`${name} is revoked`);
  };
  return (
    <Panel title="Memory keys" note="each reads one workspace, and may do nothing else">
      {keys.isPending && <Skeleton lines={2} />}
      {keys.isError && <Failure error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.data?.length === 0 && <Empty>There is no memory key yet.</Empty>}
      <ul className="divide-line divide-y">
        {keys.data?.map(({ id, name, workspace_id, prefix, created_at, last_used_at }) => (
          <KeyRow
            key={id}
            name={name}
            shown={
              <>
                <Code>{prefix}…</Code>
                <span className="text-quiet ml-1 truncate text-xs">{nameOf(workspace_id)}</span>
              </>
            }
            at={created_at}
            usedAt={last_used_at ?? null}
            actions={
              <Confirm
                trigger={
                  <Button size="sm" kind="danger" aria-label={`Revoke ${name}`}>
                    Revoke
                  </Button>
                }
                title={`Revoke ${name}?`}
                action="Revoke the key"
                onConfirm={revoke(id, name)}
              >
                <p>
                  Assistants that use <Code>{prefix}…</Code> are refused at once. It cannot be brought back.
                </p>
              </Confirm>
            }
          />
        ))}
      </ul>
    </Panel>
  );
}

function NewMemoryKey({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const address = useAddress();
  const here = useWorkspace();
  const workspaces = useSession().data?.workspaces ?? [];
  const [name, setName] = useState("");
  const [workspace, setWorkspace] = useState(here?.id ?? "");
  const make = useMutation({
    mutationFn: () => data(api.POST("/api/memory-keys", { body: { name: name.trim(), workspace_id: workspace } })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["memory-key"] }),
  });
  if (make.data) {
    const { secret } = make.data;
    return (
      <Dialog title={`Key ${make.data.name}`} lead="Copy it now: it is not shown again." open onClose={onClose} wide>
        <span className="border-line bg-sunken mb-4 flex items-center gap-2 rounded-md border py-1 pr-1 pl-3">
          <code className="min-w-0 flex-1 font-mono text-xs break-all">{secret}</code>
          <CopyButton text={secret} label="Copy" />
        </span>
        <Snippet label="Use the key" tabs={waysToConnect(address.data ?? `${location.origin}/mcp`, secret)} />
        <DialogActions>
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Dialog
      title="New memory key"
      lead="It reads one workspace and may do nothing else. Give each assistant one of its own."
      open
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label="What it is for"
          placeholder="Claude Code"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
          problem={make.error?.message}
        />
        <SelectField
          label="Workspace"
          value={workspace}
          onChange={(event) => setWorkspace(event.target.value)}
          options={workspaces.map(({ id, name }) => ({ value: id, title: name }))}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={make.isPending}>
            Make the key
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** Asks the server as an assistant would, with the session of the member. */
function Tools() {
  const workspace = useWorkspace();
  const tools = useMutation({ mutationFn: () => listTools(workspace?.id ?? "") });
  return (
    <Panel
      title="What an assistant can do"
      actions={
        <Button size="sm" busy={tools.isPending} onClick={() => tools.mutate()}>
          List the tools
        </Button>
      }
    >
      {tools.isIdle && <Empty>Ask the server for its tools, as an assistant does when it is connected.</Empty>}
      {tools.isPending && <Skeleton lines={3} />}
      {tools.isError && <Failure error={tools.error} onRetry={() => tools.mutate()} />}
      {tools.data && (
        <ul aria-label="Tools" className="divide-line divide-y">
          {tools.data.map(({ name, title, description }) => (
            <li key={name} className="grid gap-1 px-4 py-2.5">
              <span className="flex flex-wrap items-baseline gap-x-2">
                <Code>{name}</Code>
                <span className="font-medium">{title}</span>
              </span>
              <Description text={description} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** A description as it is written for models: what stands in backticks is code. */
function Description({ text }: { text: string }) {
  const parts = text.split("`").map((part, place) => ({ part, place, isCode: place % 2 === 1 }));
  return (
    <span className="text-quiet max-w-prose text-xs wrap-anywhere">
      {parts.map(({ part, place, isCode }) =>
        isCode ? (
          <code key={place} className="text-ink font-mono">
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </span>
  );
}
