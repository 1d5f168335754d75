// The mail channel: who carries mails, who does when that fails, and whether it works.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";

import { Button, Chip, Field, Panel, Skeleton, Status } from "../../components/ui";
import { useSession } from "../../lib/api";
import { type Channel, knock, settingsOf } from "../../lib/knock";
import { Frame, Trouble } from "./frame";

const PROVIDERS = { email_smtp: "SMTP server", email_resend: "Resend" } as const;
type Provider = keyof typeof PROVIDERS;

export function EmailPage() {
  const channel = useQuery({ queryKey: ["channel", "email"], queryFn: () => knock<Channel>("/channels/email") });
  return (
    <Frame title="E-mail" lead="Who carries mails. The first that takes one wins; where neither does, the message is kept and can be sent again.">
      <Trouble error={channel.error} />
      {channel.isPending ? <Skeleton /> : channel.data && <Settings channel={channel.data} />}
    </Frame>
  );
}

function Settings({ channel }: { channel: Channel }) {
  const settings = settingsOf(channel);
  const isSet = (name: string) => settings?.provider_settings.includes(name) ?? false;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="In force" note={PROVIDERS[channel.provider as Provider] ?? channel.provider}>
        <ul className="grid gap-2 p-4">
          <li>Provider: <Chip>{PROVIDERS[channel.provider as Provider] ?? channel.provider}</Chip></li>
          <li>Fallback: <Status word={isSet("fallback") ? "on" : "none"} /></li>
          <li>Links and opens are tracked: <Status word={settings?.channel_settings.track_links ? "on" : "off"} /></li>
          {!settings?.is_valid && <li className="text-bad">Mails cannot go out: set a provider here, or the server's setting smtp_url.</li>}
          {settings?.is_valid && !isSet("url") && !isSet("api_key") && (
            <li className="text-quiet">Mails go through the server's own setting smtp_url.</li>
          )}
          {settings?.intake_url && (
            <li className="grid gap-1">
              <span className="text-quiet">Point Resend's webhooks here, so that it can tell what became of mails:</span>
              <code className="bg-ground overflow-x-auto rounded p-2 text-xs" tabIndex={0}>{settings.intake_url}</code>
            </li>
          )}
        </ul>
      </Panel>
      <Panel title="Try it"><Trial channel="email" label="Mail address" to={(address) => ({ to: address })} /></Panel>
      <Panel title="Change" note="what is left empty stays as it is">
        <Change channel={channel} />
      </Panel>
    </div>
  );
}

function Change({ channel }: { channel: Channel }) {
  const queries = useQueryClient();
  const settings = settingsOf(channel);
  const known = channel.provider in PROVIDERS ? (channel.provider as Provider) : undefined;
  const hadFallback = settings?.provider_settings.includes("fallback") ?? false;
  const [provider, setProvider] = useState<Provider>(known ?? "email_smtp");
  const [fallback, setFallback] = useState(hadFallback);
  const save = useMutation({
    mutationFn: (form: FormData) => knock("/channels/email", "PUT", channelOf(provider, fallback, form)),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["channel", "email"] });
      form.current?.reset();
    },
  });
  const form = useRef<HTMLFormElement>(null);
  const keepsFallback = hadFallback && provider === known;
  const isSet = (name: string) => provider === known && (settings?.provider_settings.includes(name) ?? false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  const other = provider === "email_smtp" ? "email_resend" : "email_smtp";
  return (
    <form ref={form} className="grid gap-4 p-4" onSubmit={submit}>
      <fieldset className="flex flex-wrap gap-4">
        <legend className="mb-1.5 font-medium">Provider</legend>
        {(Object.keys(PROVIDERS) as Provider[]).map((name) => (
          <label key={name} className="flex items-center gap-2">
            <input type="radio" name="provider" className="accent-bronze size-4" checked={provider === name} onChange={() => setProvider(name)} />
            {PROVIDERS[name]}
          </label>
        ))}
      </fieldset>
      <Provided provider={provider} prefix="" isSet={isSet} />
      <label className="flex items-center gap-2">
        <input type="checkbox" className="accent-bronze size-4" checked={fallback} onChange={(event) => setFallback(event.target.checked)} />
        Fall back to {PROVIDERS[other]} where this fails
      </label>
      {fallback && <Provided provider={other} prefix="fallback_" isSet={() => keepsFallback} />}
      {fallback && keepsFallback && (
        <p className="text-quiet">What of the fallback is set is not shown: untick it and save to begin anew.</p>
      )}
      <label className="flex items-center gap-2">
        <input type="checkbox" name="track" defaultChecked={settings?.channel_settings.track_links === true} className="accent-bronze size-4" />
        Tell when links are followed and mails are opened
      </label>
      <Trouble error={save.error} />
      <div className="flex items-center gap-3">
        <Button type="submit" disabled={save.isPending}>Save changes</Button>
        <span role="status" className="text-quiet">{save.isSuccess && "Saved."}</span>
      </div>
    </form>
  );
}

/** What is set is not shown, since it is secret; it stays where nothing is written. */
const KEPT = "as it is";

function Provided({ provider, prefix, isSet }: { provider: Provider; prefix: string; isSet: (name: string) => boolean }) {
  const of = prefix ? " of the fallback" : "";
  const like = (name: string, example: string) => (isSet(name) ? KEPT : example);
  const secret = { type: "password", autoComplete: "new-password" };
  return (
    <>
      {provider === "email_smtp" ? (
        <Field label={`Address of the server${of}`} name={`${prefix}url`} placeholder={like("url", "smtps://user:password@mail.example.com")} {...secret} />
      ) : (
        <>
          <Field label={`API key${of}`} name={`${prefix}api_key`} placeholder={like("api_key", "re_…")} required={!isSet("api_key")} {...secret} />
          <Field label={`Secret of its webhooks${of}`} name={`${prefix}webhook_secret`} placeholder={like("webhook_secret", "whsec_…")} {...secret} />
        </>
      )}
      <Field label={`Mails are from${of}`} name={`${prefix}from_address`} type="email" placeholder={like("from_address", "bell@example.com")} />
      {!prefix && REMOVABLE.some(([name]) => isSet(name)) && (
        <fieldset className="flex flex-wrap gap-x-4 gap-y-1">
          <legend className="text-quiet mb-1">Take away</legend>
          {REMOVABLE.filter(([name]) => isSet(name)).map(([name, label]) => (
            <label key={name} className="flex items-center gap-2">
              <input type="checkbox" name={`remove_${name}`} className="accent-bronze size-4" />
              {label}
            </label>
          ))}
        </fieldset>
      )}
    </>
  );
}

/** What a provider can do without: mails go through the server's own setting then, or are from its sender. */
const REMOVABLE = [["url", "the address of the server"], ["webhook_secret", "the secret of the webhooks"], ["from_address", "the sender"]] as const;

function channelOf(provider: Provider, hasFallback: boolean, form: FormData) {
  const told = (prefix: string) => {
    const names = ["url", "api_key", "webhook_secret", "from_address"];
    const pairs = names.map((name) => [name, form.get(prefix + name)] as const);
    return Object.fromEntries(pairs.filter(([, value]) => typeof value === "string" && value !== ""));
  };
  const other = provider === "email_smtp" ? "email_resend" : "email_smtp";
  const tracks = form.get("track") !== null;
  return {
    __persistence_strategy__: "merge",
    type: "email",
    provider,
    provider_settings: {
      ...told(""),
      ...Object.fromEntries(REMOVABLE.filter(([name]) => form.get(`remove_${name}`) !== null).map(([name]) => [name, null])),
      fallback: hasFallback ? { provider: other, provider_settings: told("fallback_") } : null,
    },
    channel_settings: { track_links: tracks, track_opens: tracks },
  };
}

/** Sends a word through a channel, and shows how it went. */
export function Trial({ channel, label, to, tenant }: { channel: string; label?: string; to: (word: string) => object; tenant?: string }) {
  const session = useSession();
  const [word, setWord] = useState("");
  const [message, setMessage] = useState<string>();
  const send = useMutation({
    mutationFn: () => knock<{ id: string }>(`/channels/${channel}/test`, "POST", { to: to(word), tenant }),
    onSuccess: ({ id }) => setMessage(id),
  });
  const went = useQuery({
    queryKey: ["trial", message],
    enabled: message !== undefined,
    queryFn: () => knock<{ status: string }>(`/messages/${message}`),
    refetchInterval: (query) => (["queued", "delivery_attempted"].includes(query.state.data?.status ?? "queued") ? 500 : false),
  });
  const events = useQuery({
    queryKey: ["trial", message, went.data?.status],
    enabled: message !== undefined && went.data?.status === "undelivered",
    queryFn: () => knock<{ items: { data: { failure_details?: string } | null }[] }>(`/messages/${message}/events`),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <form className="grid gap-3 p-4" onSubmit={submit}>
      {label && <Field label={label} type="email" required value={word} placeholder={session.data?.member.email} onChange={(event) => setWord(event.target.value)} />}
      <Trouble error={send.error} />
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" disabled={send.isPending}>Send test</Button>
        <span role="status">{message && <Status word={went.data?.status ?? "queued"} />}</span>
        <span className="text-quiet">{events.data?.items[0]?.data?.failure_details}</span>
      </div>
    </form>
  );
}
