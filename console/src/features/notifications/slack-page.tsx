// Slack: which Slack workspace a workspace of ours is connected to, which channel is told, and of what.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect } from "react";

import { Button, Field, Panel, Skeleton, Status } from "../../components/ui";
import { ApiError, api, data, useWorkspace } from "../../lib/api";
import { type Channel, knock, settingsOf } from "../../lib/knock";
import { Trial } from "./email-page";
import { Frame, Trouble } from "./frame";

type Connection = { connection: { ok: boolean; error?: string } };
type SlackChannel = { id: string; name: string; is_private: boolean };
type ChannelData = { data: { connections?: { channel_id?: string }[]; team?: { name?: string }; trouble?: { code: string; channel_id?: string } } };
type Recipient = { properties: { slack_threshold?: number } };

/** What is told: everything from this significance on. */
const KINDS = [
  { threshold: 70, name: "What matters most", about: "observations that score 70 or more" },
  { threshold: 0, name: "All observations", about: "whatever they score" },
  { threshold: 101, name: "Nothing", about: "the connection stays, and is silent" },
];

export function SlackPage() {
  const workspace = useWorkspace();
  const channel = useQuery({ queryKey: ["channel", "slack"], queryFn: () => knock<Channel>("/channels/slack") });
  const isReady = channel.data && settingsOf(channel.data)?.provider_settings.includes("client_id");
  return (
    <Frame title="Slack" lead="Campanile asks for two things: to read the names of your public channels, and to write messages.">
      <Trouble error={channel.error} />
      {channel.isPending || !workspace ? <Skeleton /> : isReady ? <Workspace id={workspace.id} name={workspace.name} /> : <AppForm />}
    </Frame>
  );
}

/** The Slack app that Campanile speaks as: made once, at api.slack.com. */
function AppForm() {
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: (form: FormData) => {
      const provider_settings = { client_id: form.get("client_id"), client_secret: form.get("client_secret") };
      return knock("/channels/slack", "PUT", { type: "chat", name: "Slack", provider: "chat_slack", provider_settings });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["channel", "slack"] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  return (
    <Panel title="The Slack app">
      <form className="grid max-w-xl gap-4 p-4" onSubmit={submit}>
        <p className="text-quiet">
          Make an app at api.slack.com with the bot scopes channels:read and chat:write, and with this redirect URL:
        </p>
        <code tabIndex={0} className="bg-ground overflow-x-auto rounded p-2 text-xs">{`${window.location.origin}/providers/slack/authenticate`}</code>
        <Field label="Client ID" name="client_id" required autoComplete="off" />
        <Field label="Client secret" name="client_secret" type="password" required autoComplete="off" />
        <Trouble error={save.error} />
        <Button type="submit" className="w-fit" disabled={save.isPending}>Save the app</Button>
      </form>
    </Panel>
  );
}

const holder = (workspace: string) => {
  const query = new URLSearchParams({ "access_token_object[object_id]": workspace, "access_token_object[collection]": "$tenants" });
  return `?${query}`;
};

function Workspace({ id, name }: { id: string; name: string }) {
  const check = useQuery({
    queryKey: ["slack", "check", id],
    retry: false,
    // Nothing is connected: that is no error here.
    queryFn: (): Promise<Connection> =>
      knock<Connection>(`/providers/slack/slack/auth_check${holder(id)}`).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 403) return { connection: { ok: false } };
        throw error;
      }),
  });
  const token = useQuery({
    queryKey: ["slack", "token", id],
    enabled: check.data !== undefined,
    queryFn: () => knock<ChannelData>(`/objects/$tenants/${id}/channel_data/slack`).catch(() => ({ data: {} }) as ChannelData),
  });
  if (check.isPending) return <Skeleton />;
  const isConnected = check.data?.connection.ok === true;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="Connection" note={name}>
        <div className="grid gap-3 p-4">
          <p className="flex items-center gap-2">
            <Status word={isConnected ? "connected" : "not connected"} />
            {isConnected && token.data?.data.team?.name && <span>{token.data.data.team.name}</span>}
          </p>
          {check.data?.connection.error && <p role="alert" className="text-bad">{advice(check.data.connection.error)}</p>}
          {token.data?.data.trouble && <p role="alert" className="text-bad">{advice(token.data.data.trouble.code)}</p>}
          <Trouble error={check.error} />
          {isConnected ? <Disconnect id={id} /> : <Connect id={id} />}
        </div>
      </Panel>
      {isConnected && <Told id={id} />}
    </div>
  );
}

function advice(code: string): string {
  switch (code) {
    case "missing_scope":
    case "no_permission":
      return "Slack wants more permissions than were given: disconnect, and connect again.";
    case "channel_not_found":
    case "not_in_channel":
    case "is_archived":
    case "restricted_action":
      return "The last message did not reach its channel: pick another one.";
    default:
      return `Slack no longer takes the connection (${code}): connect again.`;
  }
}

function Connect({ id }: { id: string }) {
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: async () => {
      // Opened before anything is awaited: browsers let only clicks open windows.
      const window_ = window.open("", "campanile-slack", "width=600,height=800");
      const { url } = await data(api.POST("/api/workspaces/{id}/slack", { params: { path: { id } } }));
      if (window_) window_.location.href = url;
      else window.location.assign(url);
    },
  });
  useEffect(() => {
    const hear = (event: MessageEvent) => {
      const { type } = (event.data ?? {}) as { type?: string };
      if (event.origin === window.location.origin && type === "authComplete") void queries.invalidateQueries({ queryKey: ["slack"] });
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, [queries]);
  return (
    <>
      <Button className="w-fit" onClick={() => start.mutate()} disabled={start.isPending}>Connect to Slack</Button>
      <Trouble error={start.error} />
    </>
  );
}

function Disconnect({ id }: { id: string }) {
  const queries = useQueryClient();
  const leave = useMutation({
    mutationFn: () => knock(`/providers/slack/slack/revoke_access${holder(id)}`, "PUT"),
    onSettled: () => queries.invalidateQueries({ queryKey: ["slack"] }),
  });
  return (
    <>
      <Button kind="plain" className="w-fit" onClick={() => leave.mutate()} disabled={leave.isPending}>Disconnect</Button>
      <Trouble error={leave.error} />
    </>
  );
}

async function channels(workspace: string): Promise<SlackChannel[]> {
  const all: SlackChannel[] = [];
  let cursor = "";
  do {
    const query = `${holder(workspace)}&query_options[limit]=200&query_options[cursor]=${encodeURIComponent(cursor)}`;
    const page = await knock<{ slack_channels: SlackChannel[]; next_cursor: string | null }>(`/providers/slack/slack/channels${query}`);
    all.push(...page.slack_channels);
    cursor = page.next_cursor ?? "";
  } while (cursor && all.length < 1_000);
  return all;
}

function Told({ id }: { id: string }) {
  const queries = useQueryClient();
  const object = `/objects/workspaces/${id}`;
  const all = useQuery({ queryKey: ["slack", "channels", id], queryFn: () => channels(id) });
  const chosen = useQuery({
    queryKey: ["slack", "chosen", id],
    queryFn: () => knock<ChannelData>(`${object}/channel_data/slack`).catch(() => ({ data: {} }) as ChannelData),
  });
  const known = useQuery({
    queryKey: ["slack", "threshold", id],
    queryFn: () => knock<Recipient>(object).catch(() => ({ properties: {} }) as Recipient),
  });
  const save = useMutation({
    mutationFn: async (form: FormData) => {
      const channel_id = form.get("channel");
      await knock(`${object}/channel_data/slack`, "PUT", { data: { connections: channel_id ? [{ channel_id }] : [] } });
      await knock(object, "PUT", { slack_threshold: Number(form.get("threshold")) });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["slack"] }),
  });
  if (all.isPending || chosen.isPending || known.isPending) return <Skeleton />;
  const connection = chosen.data?.data.connections?.[0]?.channel_id ?? "";
  const threshold = known.data?.properties.slack_threshold ?? 70;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  return (
    <>
      <Panel title="What is told, and where">
        <form className="grid gap-4 p-4" onSubmit={submit}>
          <div className="grid gap-1.5">
            <label htmlFor="slack-channel" className="font-medium">Channel</label>
            <select id="slack-channel" name="channel" defaultValue={connection} className="border-line bg-raised h-10 rounded-md border px-3">
              <option value="">None</option>
              {all.data?.map((one) => <option key={one.id} value={one.id}>{`${one.is_private ? "🔒 " : "# "}${one.name}`}</option>)}
            </select>
          </div>
          <fieldset className="grid gap-2">
            <legend className="mb-1.5 font-medium">Told of</legend>
            {KINDS.map((kind) => (
              <label key={kind.threshold} className="flex items-baseline gap-2">
                <input type="radio" name="threshold" value={kind.threshold} defaultChecked={threshold === kind.threshold} className="accent-bronze size-4 translate-y-0.5" />
                <span>{kind.name} <span className="text-quiet">{kind.about}</span></span>
              </label>
            ))}
          </fieldset>
          <Trouble error={save.error ?? all.error} />
          <div className="flex items-center gap-3">
            <Button type="submit" disabled={save.isPending}>Save changes</Button>
            <span role="status" className="text-quiet">{save.isSuccess && "Saved."}</span>
          </div>
        </form>
      </Panel>
      {connection && (
        <Panel title="Try it">
          <Trial channel="slack" tenant={id} to={() => ({ connection: { channel_id: connection } })} />
        </Panel>
      )}
    </>
  );
}
