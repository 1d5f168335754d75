// A test message through a channel, and what became of it.

import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Field, SelectField, TextField } from "../../../components/ui/field";
import { Go } from "../../../components/ui/go";
import { api, data, useSession } from "../../../lib/api";
import { asText } from "../../../lib/json";
import type { Channel } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { FormFailure } from "../parts/form-failure";
import { TenantField } from "../parts/recipient";

type To = Record<string, unknown>;

const LABELS: Record<string, [label: string, type: string, placeholder: string]> = {
  email: ["Mail address", "email", "ada@example.com"],
  sms: ["Phone number", "tel", "+15550100"],
  push: ["Device token", "text", "Token of a device"],
  http: ["Address", "url", "https://example.com/hook"],
};

const addressOf = (type: string, word: string): To =>
  type === "push" ? { token: word } : type === "http" ? { url: word } : { to: word };

export function TrialForm({ channel }: { channel: Channel }) {
  const session = useSession();
  const [word, setWord] = useState<string>();
  const [way, setWay] = useState("incoming_webhook");
  const [text, setText] = useState("");
  const [tenant, setTenant] = useState("");
  const isChat = channel.type === "chat";
  const [label = "To", type = "text", placeholder = ""] = LABELS[channel.type] ?? [];
  const value = word ?? (channel.type === "email" ? (session.data?.member.email ?? "") : "");
  const to = isChat
    ? { connection: way === "incoming_webhook" ? { incoming_webhook: { url: value } } : { [way]: value } }
    : addressOf(channel.type, value);
  return (
    <Trial
      channel={channel.key}
      to={to}
      tenant={tenant}
      text={text}
      fields={
        <>
          {isChat && (
            <SelectField
              label="By"
              value={way}
              options={[
                { value: "incoming_webhook", title: "Address of a webhook" },
                { value: "channel_id", title: "Id of a channel" },
                { value: "user_id", title: "Id of a person" },
              ]}
              onChange={(event) => setWay(event.target.value)}
            />
          )}
          {isChat ? (
            <Field
              label={way === "incoming_webhook" ? "Webhook" : "Id"}
              required
              value={value}
              onChange={(event) => setWord(event.target.value)}
            />
          ) : (
            <Field
              label={label}
              type={type}
              required
              value={value}
              placeholder={placeholder}
              onChange={(event) => setWord(event.target.value)}
            />
          )}
          <TenantField value={tenant} onChange={setTenant} />
          <TextField
            label="Text"
            rows={2}
            value={text}
            placeholder="This is a test of Campanile."
            onChange={(event) => setText(event.target.value)}
          />
        </>
      }
    />
  );
}

type TrialProps = { channel: string; to: To; tenant?: string; text?: string; fields?: React.ReactNode };

export function Trial({ channel, to, tenant, text, fields }: TrialProps) {
  const [message, setMessage] = useState<string>();
  const send = useMutation({
    mutationFn: () =>
      data(
        api.POST("/v1/channels/{key}/test", {
          params: { path: { key: channel } },
          body: { to, ...(tenant && { tenant }), ...(text && { text }) },
        }),
      ),
    onSuccess: ({ id }) => setMessage(id),
  });
  const sent = useQuery({
    queryKey: ["trial", message],
    enabled: message !== undefined,
    queryFn: () => data(api.GET("/v1/messages/{id}", { params: { path: { id: message ?? "" } } })),
    refetchInterval: ({ state }) =>
      ["queued", "delivery_attempted"].includes(state.data?.status ?? "queued") ? 500 : false,
  });
  const status = message === undefined ? undefined : (sent.data?.status ?? "queued");
  const events = useQuery({
    queryKey: ["trial", message, status],
    enabled: status === "undelivered" || status === "bounced" || status === "delivery_attempted",
    queryFn: () => data(api.GET("/v1/messages/{id}/events", { params: { path: { id: message ?? "" } } })),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <form className="grid gap-4 p-4" onSubmit={submit}>
      {fields}
      <FormFailure error={send.error} />
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" busy={send.isPending}>
          Send test
        </Button>
        <span role="status" className="flex flex-wrap items-center gap-2">
          {status && <Status word={status} />}
          {message && (
            <Go to={paths.message(message)} className="text-bronze text-xs hover:underline">
              Open the message
            </Go>
          )}
        </span>
      </div>
      {events.data && <p className="text-bad wrap-anywhere">{asText(events.data.items[0]?.data?.failure_details)}</p>}
    </form>
  );
}
