// The addresses of a recipient, for each channel: connections of chats, devices of push; of a tenant also settings of its own.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useState } from "react";

import { Badge } from "../../../components/ui/badge";
import { Button, IconButton } from "../../../components/ui/button";
import { Confirm } from "../../../components/ui/dialog";
import { Field, SelectField, TextField } from "../../../components/ui/field";
import { Empty, Failure, Panel, Skeleton } from "../../../components/ui/page";
import { Segments } from "../../../components/ui/tabs";
import { done } from "../../../components/ui/toast";
import { ApiError, api, data } from "../../../lib/api";
import { asList, asObject, asText, isObject, isSame } from "../../../lib/json";
import type { Channel } from "../../../lib/knock";
import { useChannels } from "../messages/messages-page";
import { JsonField } from "../parts/code-field";
import { FormFailure } from "../parts/form-failure";
import { type Reference, TENANTS, wordOf } from "../parts/recipient";
import { type Connection, connectionOf, tokensOf, writtenConnection } from "./properties";

type Data = Record<string, unknown>;

async function read(reference: Reference, channel: string): Promise<Data | null> {
  try {
    const found =
      typeof reference === "string"
        ? await data(
            api.GET("/v1/users/{user}/channel_data/{channel}", { params: { path: { user: reference, channel } } }),
          )
        : await data(
            api.GET("/v1/objects/{collection}/{id}/channel_data/{channel}", {
              params: { path: { ...reference, channel } },
            }),
          );
    return found.data;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

const write = (reference: Reference, channel: string, body: { data: Data }) =>
  typeof reference === "string"
    ? data(api.PUT("/v1/users/{user}/channel_data/{channel}", { params: { path: { user: reference, channel } }, body }))
    : data(
        api.PUT("/v1/objects/{collection}/{id}/channel_data/{channel}", {
          params: { path: { ...reference, channel } },
          body,
        }),
      );

const remove = (reference: Reference, channel: string) =>
  typeof reference === "string"
    ? data(api.DELETE("/v1/users/{user}/channel_data/{channel}", { params: { path: { user: reference, channel } } }))
    : data(
        api.DELETE("/v1/objects/{collection}/{id}/channel_data/{channel}", {
          params: { path: { ...reference, channel } },
        }),
      );

export function ChannelDataTab({ reference }: { reference: Reference }) {
  const channels = useChannels();
  if (channels.isPending) return <Skeleton lines={5} />;
  if (channels.isError) return <Failure error={channels.error} onRetry={() => void channels.refetch()} />;
  const isTenant = typeof reference !== "string" && reference.collection === TENANTS;
  const fitting = channels.data.entries.filter(
    ({ type }) =>
      type === "push" || type === "chat" || (isTenant && (type === "email" || type === "sms" || type === "http")),
  );
  if (fitting.length === 0) return <Empty>No channel needs channel data. Chats and push do.</Empty>;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      {fitting.map((channel) => (
        <OneChannel key={channel.id} reference={reference} channel={channel} />
      ))}
    </div>
  );
}

function OneChannel({ reference, channel }: { reference: Reference; channel: Channel }) {
  const kept = useQuery({
    queryKey: ["channel-data", wordOf(reference), channel.key],
    queryFn: () => read(reference, channel.key),
  });
  return (
    <Panel
      title={channel.name}
      note={<code className="font-mono">{channel.key}</code>}
      actions={
        kept.data !== undefined && <Badge tone={kept.data ? "good" : "quiet"}>{kept.data ? "Set" : "Not set"}</Badge>
      }
    >
      {kept.isPending && <Skeleton />}
      {kept.isError && <Failure error={kept.error} onRetry={() => void kept.refetch()} />}
      {kept.data !== undefined && (
        <DataForm key={JSON.stringify(kept.data)} reference={reference} channel={channel} kept={kept.data} />
      )}
    </Panel>
  );
}

function DataForm({ reference, channel, kept }: { reference: Reference; channel: Channel; kept: Data | null }) {
  const queries = useQueryClient();
  const hasForm = channel.type === "push" || channel.type === "chat";
  const [mode, setMode] = useState<"form" | "json">(hasForm ? "form" : "json");
  const [value, setValue] = useState<Data>(kept ?? {});
  const refresh = () => queries.invalidateQueries({ queryKey: ["channel-data", wordOf(reference), channel.key] });
  const save = useMutation({
    mutationFn: () => write(reference, channel.key, { data: value }),
    onSuccess: async () => {
      await refresh();
      done("The channel data is saved.");
    },
  });
  const clear = async () => {
    await remove(reference, channel.key);
    await refresh();
    done("The channel data is removed.");
  };
  const isChanged = !isSame(value, kept ?? {});
  return (
    <div className="grid gap-4 p-4">
      {hasForm && (
        <div>
          <Segments
            label="Shown as"
            value={mode}
            options={[
              ["form", "Form"],
              ["json", "JSON"],
            ]}
            onChange={(next) => setMode(next === "json" ? "json" : "form")}
          />
        </div>
      )}
      {mode === "json" ? (
        <JsonField
          label={`Channel data of ${channel.name}`}
          value={value}
          onChange={(next) => setValue(asObject(next))}
          hint={
            hasForm
              ? undefined
              : 'A tenant may have its own provider settings: {"provider_settings": {…}}. An address is taken only with its credentials.'
          }
        />
      ) : channel.type === "push" ? (
        <TextField
          label="Device tokens"
          rows={4}
          className="font-mono text-xs"
          defaultValue={tokensIn(value).join("\n")}
          onChange={(event) => setValue(withTokens(value, tokensOf(event.target.value)))}
          hint="One a line."
        />
      ) : (
        <Connections value={value} onChange={setValue} />
      )}
      <FormFailure error={save.error} />
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" size="sm" disabled={!isChanged} busy={save.isPending} onClick={() => save.mutate()}>
          Save
        </Button>
        {kept && (
          <Confirm
            trigger={
              <Button size="sm" kind="danger">
                Remove…
              </Button>
            }
            title={`Remove the channel data of ${channel.name}?`}
            action="Remove"
            onConfirm={clear}
          >
            <p>The recipient is not reached over this channel until there is channel data again.</p>
          </Confirm>
        )}
      </div>
    </div>
  );
}

const tokensIn = (value: Data): string[] => {
  const ofDevices = asList(value.devices).flatMap((device) => asText(asObject(device).token) ?? []);
  return ofDevices.length > 0 ? ofDevices : asList(value.tokens).flatMap((token) => asText(token) ?? []);
};

/** Devices keep what else is known of them. */
function withTokens(value: Data, tokens: string[]): Data {
  const known = new Map(
    asList(value.devices)
      .filter(isObject)
      .map((device) => [device.token, device]),
  );
  const { devices, tokens: _, ...rest } = value;
  return known.size > 0
    ? { ...rest, devices: tokens.map((token) => known.get(token) ?? { token }) }
    : { ...rest, tokens };
}

const KINDS: { value: Connection["kind"]; title: string }[] = [
  { value: "incoming_webhook", title: "Webhook" },
  { value: "channel_id", title: "Channel" },
  { value: "user_id", title: "Person" },
];

function Connections({ value, onChange }: { value: Data; onChange: (value: Data) => void }) {
  const connections = asList(value.connections).map(connectionOf);
  const set = (next: Connection[]) => onChange({ ...value, connections: next.map(writtenConnection) });
  const change = (at: number, changes: Partial<Connection>) =>
    set(connections.map((one, index) => (index === at ? { ...one, ...changes } : one)));
  return (
    <div className="grid gap-2">
      {connections.map((connection, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: connections have nothing of their own but their place
        <div key={index} className="grid grid-cols-[8rem_minmax(0,1fr)_auto] items-center gap-1.5">
          <SelectField
            hidesLabel
            label={`Kind of connection ${index + 1}`}
            value={connection.kind}
            options={KINDS}
            onChange={(event) =>
              change(index, { kind: KINDS.find(({ value }) => value === event.target.value)?.value ?? "channel_id" })
            }
          />
          <Field
            hidesLabel
            label={`Address of connection ${index + 1}`}
            value={connection.value}
            placeholder={connection.kind === "incoming_webhook" ? "https://…" : "Id"}
            onChange={(event) => change(index, { value: event.target.value })}
          />
          <IconButton
            label={`Remove connection ${index + 1}`}
            onClick={() => set(connections.filter((_, at) => at !== index))}
          >
            <X className="size-4" />
          </IconButton>
        </div>
      ))}
      <Button
        kind="ghost"
        size="sm"
        className="w-fit"
        onClick={() => set([...connections, { kind: "incoming_webhook", value: "", rest: {} }])}
      >
        <Plus aria-hidden className="size-3.5" />
        Add a connection
      </Button>
    </div>
  );
}
