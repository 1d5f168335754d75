// Which Slack workspace a workspace of ours is connected to, which Slack channel is told, and of what.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Confirm } from "../../../components/ui/dialog";
import { SelectField } from "../../../components/ui/field";
import { EmptyState, Failure, Panel, Skeleton } from "../../../components/ui/page";
import { done } from "../../../components/ui/toast";
import { ApiError, api, data, type Schemas, useWorkspace } from "../../../lib/api";
import { asList, asObject, asText } from "../../../lib/json";
import { type Channel, settingsOf } from "../../../lib/knock";
import { FormFailure } from "../parts/form-failure";
import { Trial } from "./trial";

type Check = Schemas["KnockSlackAuthCheck"];
type SlackChannel = Schemas["KnockSlackChannels"]["slack_channels"][number];
/** Objects have whatever properties they are given, besides those that all have. */
type TargetIn = Schemas["KnockObjectIn"] & { slack_threshold: number };
/** The Slack channel that is told, the Slack workspace, and the code of what went wrong with the last message. */
type Stored = { channel?: string | undefined; team?: string | undefined; trouble?: string | undefined };

/** The threshold of a channel: observations of this significance and more are sent. */
const KINDS = [
  { threshold: 70, name: "What matters most", about: "observations that score 70 or more" },
  { threshold: 0, name: "All observations", about: "whatever they score" },
  { threshold: 101, name: "Nothing", about: "the connection stays, and is silent" },
];
/** The threshold of a workspace that has not chosen. */
const USUAL = 70;
const SLACK = { channel: "slack" };

const holder = (workspace: string) => ({
  access_token_object: JSON.stringify({ object_id: workspace, collection: "$tenants" }),
});

/** The stored Slack data of an object; nothing where there is none. */
async function stored(collection: string, id: string): Promise<Stored> {
  try {
    const { data: kept } = await data(
      api.GET("/v1/objects/{collection}/{id}/channel_data/{channel}", {
        params: { path: { collection, id, channel: "slack" } },
      }),
    );
    return {
      channel: asText(asObject(asList(kept.connections)[0]).channel_id),
      team: asText(asObject(kept.team).name),
      trouble: asText(asObject(kept.trouble).code),
    };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return {};
    throw error;
  }
}

export function SlackConnection({ channel }: { channel: Channel }) {
  const workspace = useWorkspace();
  const isReady = settingsOf(channel).provider_settings.includes("client_id");
  if (!isReady)
    return (
      <EmptyState title="The Slack app is not set up yet">
        Write its client ID and secret into the settings first.
      </EmptyState>
    );
  return workspace ? <Connection id={workspace.id} name={workspace.name} /> : <Skeleton />;
}

function Connection({ id, name }: { id: string; name: string }) {
  const check = useQuery({
    queryKey: ["slack", "check", id],
    retry: false,
    // Nothing is connected: that is no error here.
    queryFn: (): Promise<Check> =>
      data(api.GET("/v1/providers/slack/{channel}/auth_check", { params: { path: SLACK, query: holder(id) } })).catch(
        (error: unknown) => {
          if (error instanceof ApiError && error.status === 403) return { connection: { ok: false } };
          throw error;
        },
      ),
  });
  const token = useQuery({
    queryKey: ["slack", "token", id],
    enabled: check.data !== undefined,
    queryFn: () => stored("$tenants", id),
  });
  if (check.isPending) return <Skeleton lines={5} />;
  if (check.isError) return <Failure error={check.error} onRetry={() => void check.refetch()} />;
  const isConnected = check.data.connection.ok;
  const faults = [check.data.connection.error, token.data?.trouble].filter((code): code is string => Boolean(code));
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="Connection" note={name}>
        <div className="grid gap-3 p-4">
          <p className="flex flex-wrap items-center gap-2">
            <Status word={isConnected ? "connected" : "not connected"} />
            {isConnected && token.data?.team && <span>{token.data.team}</span>}
          </p>
          {faults.map((code) => (
            <p key={code} role="alert" className="text-bad">
              {advice(code)}
            </p>
          ))}
          {isConnected ? <Disconnect id={id} /> : <Connect id={id} />}
        </div>
      </Panel>
      {isConnected && <Target id={id} />}
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
      return "The last message did not reach its channel: choose another one.";
    default:
      return `Slack no longer takes the connection (${code}): connect again.`;
  }
}

function Connect({ id }: { id: string }) {
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: async () => {
      // Opened before anything is awaited: browsers let only clicks open windows.
      const popup = window.open("", "campanile-slack", "width=600,height=800");
      const page = await data(api.POST("/api/workspaces/{id}/slack", { params: { path: { id } } })).catch(
        (error: unknown) => {
          popup?.close();
          throw error;
        },
      );
      if (popup) popup.location.href = page.url;
      else window.location.assign(page.url);
      return page;
    },
  });
  const nonce = start.data?.nonce;
  useEffect(() => {
    const hear = (event: MessageEvent) => {
      const told = asObject(event.data);
      const isOurs =
        event.origin === window.location.origin &&
        told.type === "authComplete" &&
        (told.nonce === undefined || told.nonce === nonce);
      if (isOurs) void queries.invalidateQueries({ queryKey: ["slack"] });
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, [queries, nonce]);
  return (
    <>
      <Button kind="primary" className="w-fit" onClick={() => start.mutate()} busy={start.isPending}>
        Connect to Slack
      </Button>
      <FormFailure error={start.error} />
    </>
  );
}

function Disconnect({ id }: { id: string }) {
  const queries = useQueryClient();
  const leave = async () => {
    await data(api.PUT("/v1/providers/slack/{channel}/revoke_access", { params: { path: SLACK, query: holder(id) } }));
    await queries.invalidateQueries({ queryKey: ["slack"] });
    done("Slack is disconnected.");
  };
  return (
    <Confirm
      trigger={<Button className="w-fit">Disconnect…</Button>}
      title="Disconnect Slack?"
      action="Disconnect"
      onConfirm={leave}
    >
      <p>The access is given back to Slack, and this workspace is no longer told there. It can be connected again.</p>
    </Confirm>
  );
}

async function slackChannels(workspace: string): Promise<SlackChannel[]> {
  const all: SlackChannel[] = [];
  let cursor = "";
  do {
    const query = { ...holder(workspace), "query_options[limit]": 200, "query_options[cursor]": cursor };
    const page = await data(api.GET("/v1/providers/slack/{channel}/channels", { params: { path: SLACK, query } }));
    all.push(...page.slack_channels);
    cursor = page.next_cursor ?? "";
  } while (cursor && all.length < 1_000);
  return all;
}

async function thresholdOf(id: string): Promise<number> {
  try {
    const recipient = await data(
      api.GET("/v1/objects/{collection}/{id}", { params: { path: { collection: "workspaces", id } } }),
    );
    const threshold = asObject(recipient.properties).slack_threshold;
    return typeof threshold === "number" ? threshold : USUAL;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return USUAL;
    throw error;
  }
}

function Target({ id }: { id: string }) {
  const all = useQuery({ queryKey: ["slack", "channels", id], queryFn: () => slackChannels(id) });
  const chosen = useQuery({ queryKey: ["slack", "chosen", id], queryFn: () => stored("workspaces", id) });
  const threshold = useQuery({ queryKey: ["slack", "threshold", id], queryFn: () => thresholdOf(id) });
  const error = all.error ?? chosen.error ?? threshold.error;
  if (error) return <Failure error={error} />;
  if (!all.data || !chosen.data || threshold.data === undefined) return <Skeleton lines={5} />;
  return <TargetForm id={id} all={all.data} chosen={chosen.data.channel ?? ""} threshold={threshold.data} />;
}

type TargetFormProps = { id: string; all: SlackChannel[]; chosen: string; threshold: number };

function TargetForm({ id, all, chosen, threshold }: TargetFormProps) {
  const queries = useQueryClient();
  const [channel, setChannel] = useState(chosen);
  const [from, setFrom] = useState(threshold);
  const save = useMutation({
    mutationFn: async () => {
      const path = { collection: "workspaces", id };
      const connections = channel ? [{ channel_id: channel }] : [];
      const told: TargetIn = { slack_threshold: from };
      await data(
        api.PUT("/v1/objects/{collection}/{id}/channel_data/{channel}", {
          params: { path: { ...path, channel: "slack" } },
          body: { data: { connections } },
        }),
      );
      await data(api.PUT("/v1/objects/{collection}/{id}", { params: { path }, body: told }));
    },
    onSuccess: () => done("Saved."),
    onSettled: () => queries.invalidateQueries({ queryKey: ["slack"] }),
  });
  const options = [
    { value: "", title: "None" },
    ...all.map((one) => ({ value: one.id ?? "", title: `${one.is_private ? "🔒 " : "# "}${one.name}` })),
  ];
  return (
    <>
      <Panel title="What is told, and where">
        <form
          className="grid gap-4 p-4"
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <SelectField
            label="Channel"
            options={options}
            value={channel}
            onChange={(event) => setChannel(event.target.value)}
          />
          <fieldset className="grid gap-2">
            <legend className="mb-1.5 font-medium">Events</legend>
            {KINDS.map((kind) => (
              <label key={kind.threshold} className="flex items-baseline gap-2">
                <input
                  type="radio"
                  name="threshold"
                  checked={from === kind.threshold}
                  onChange={() => setFrom(kind.threshold)}
                  className="accent-bronze size-4 translate-y-0.5"
                />
                <span>
                  {kind.name} <span className="text-quiet">{kind.about}</span>
                </span>
              </label>
            ))}
            {!KINDS.some((kind) => kind.threshold === from) && (
              <p className="text-quiet text-xs">Now: observations that score {from} or more.</p>
            )}
          </fieldset>
          <FormFailure error={save.error} />
          <Button type="submit" kind="primary" className="w-fit" busy={save.isPending}>
            Save changes
          </Button>
        </form>
      </Panel>
      {chosen && (
        <Panel title="Test message">
          <Trial channel="slack" tenant={id} to={{ connection: { channel_id: chosen } }} />
        </Panel>
      )}
    </>
  );
}
