// The settings of a channel: what its provider needs, how mails are addressed and tracked, and whether it only plays.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Code, Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { CopyButton } from "../../../components/ui/copy-button";
import { Confirm } from "../../../components/ui/dialog";
import { CheckField, Field, SelectField } from "../../../components/ui/field";
import { useGo } from "../../../components/ui/go";
import { Facts, Panel } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import { api, data, type Schemas } from "../../../lib/api";
import {
  type Change,
  lacking,
  providerOf,
  providersOf,
  settingsOf,
  stateOf,
  typeTitle,
} from "../../../lib/channel-providers";
import { asText } from "../../../lib/json";
import { type Channel, settingsOf as environmentOf } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { ConditionsEditor } from "../parts/conditions-editor";
import { FormFailure } from "../parts/form-failure";
import { ProviderFields } from "./provider-fields";

/** Every organisation has these. */
export const SEEDED = ["in-app", "email", "slack"];

export function ChannelSettings({ channel }: { channel: Channel }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <SettingsForm key={`${channel.updated_at}`} channel={channel} />
      <div className="grid gap-4">
        <State channel={channel} />
        {channel.provider === "chat_slack" && <SlackApp />}
      </div>
    </div>
  );
}

/** The usual subjects of the conditions of a channel. */
const VARIABLES = ["recipient.locale", "recipient.timezone", "tenant.id", "workflow.key"];

type Form = {
  name: string;
  provider: string;
  change: Change;
  fallback: boolean;
  fallbackChange: Change;
  settings: Record<string, unknown>;
  conditions: Schemas["KnockConditions"] | null;
  isSandbox: boolean;
};

function SettingsForm({ channel }: { channel: Channel }) {
  const queries = useQueryClient();
  const environment = environmentOf(channel);
  const hadFallback = environment.provider_settings.includes("fallback");
  const [form, setForm] = useState<Form>({
    name: channel.name,
    provider: channel.provider,
    change: {},
    fallback: hadFallback,
    fallbackChange: {},
    settings: environment.channel_settings,
    conditions: environment.conditions,
    isSandbox: environment.is_sandbox,
  });
  const set = (changes: Partial<Form>) => setForm({ ...form, ...changes });
  const provider = providerOf(form.provider);
  const isSame = form.provider === channel.provider;
  const known = isSame ? environment.provider_settings : [];
  const other = channel.type === "email" ? providersOf("email").find(({ key }) => key !== form.provider) : undefined;
  const stored = isSame && environment.fallback?.provider === other?.key ? environment.fallback : undefined;
  const save = useMutation({
    mutationFn: () => {
      const fallback =
        other &&
        (form.fallback
          ? { provider: other.key, provider_settings: settingsOf(other, form.fallbackChange) }
          : hadFallback && isSame
            ? null
            : undefined);
      const body: Schemas["KnockChannelSpec"] = {
        __persistence_strategy__: "merge",
        type: channel.type,
        provider: form.provider,
        name: form.name,
        is_sandbox: form.isSandbox,
        provider_settings: {
          ...(provider && settingsOf(provider, form.change)),
          ...(fallback !== undefined && { fallback }),
        },
        channel_settings: form.settings,
        ...(form.conditions !== environment.conditions && { conditions: form.conditions }),
      };
      return data(api.PUT("/v1/channels/{key}", { params: { path: { key: channel.key } }, body }));
    },
    onSuccess: ({ channel }) => {
      queries.setQueryData(["channel", channel.key], channel);
      void queries.invalidateQueries({ queryKey: ["channels"] });
      void queries.invalidateQueries({ queryKey: ["list", "channels"] });
      void queries.invalidateQueries({ queryKey: ["slack"] });
      done("The channel is saved.");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const missing = provider ? lacking(provider, known, form.change) : [];
  const providers = providersOf(channel.type);
  return (
    <Panel
      title="Settings"
      note={environment.provider_settings.length > 0 ? "secrets are kept unless you replace them" : undefined}
    >
      <form onSubmit={submit} className="grid gap-4 p-4">
        <Field label="Name" required value={form.name} onChange={(event) => set({ name: event.target.value })} />
        {providers.length > 1 && (
          <SelectField
            label="Provider"
            value={form.provider}
            options={providers.map(({ key, title, about }) => ({ value: key, title: `${title}: ${about}` }))}
            onChange={(event) => set({ provider: event.target.value, change: {} })}
            hint={isSame ? undefined : "The settings of the provider before are dropped when you save."}
          />
        )}
        {provider && (
          <ProviderFields
            key={provider.key}
            provider={provider}
            known={known}
            values={isSame ? environment.provider_values : undefined}
            change={form.change}
            onChange={(change) => set({ change })}
          />
        )}
        {other && (
          <>
            <CheckField
              label={`Fall back to ${other.title}`}
              hint="It is tried where the first provider does not take a mail."
              checked={form.fallback}
              onChange={(fallback) => set({ fallback })}
            />
            {form.fallback && (
              <div className="border-line grid gap-4 border-l-2 pl-3">
                <ProviderFields
                  key={`fallback ${other.key}`}
                  provider={other}
                  known={stored?.provider_settings ?? []}
                  values={stored?.provider_values}
                  of="of the fallback"
                  change={form.fallbackChange}
                  onChange={(fallbackChange) => set({ fallbackChange })}
                />
              </div>
            )}
          </>
        )}
        <ChannelWide channel={channel} settings={form.settings} onChange={(settings) => set({ settings })} />
        <ConditionsEditor
          label="The channel is used"
          value={form.conditions}
          onChange={(conditions) => set({ conditions })}
          variables={VARIABLES}
        />
        <CheckField
          label="Sandbox"
          hint="Messages are made and are not really sent."
          checked={form.isSandbox}
          onChange={(isSandbox) => set({ isSandbox })}
        />
        <FormFailure error={save.error} />
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" kind="primary" busy={save.isPending}>
            Save changes
          </Button>
          {missing.length > 0 && <span className="text-quiet text-xs">Still needed: {missing.join(", ")}</span>}
        </div>
      </form>
    </Panel>
  );
}

const ADDRESSES: [name: string, label: string][] = [
  ["reply_to_address", "Reply to"],
  ["cc_address", "Cc"],
  ["bcc_address", "Bcc"],
];

/** Settings that do not depend on the provider; these are shown as they are. */
function ChannelWide({
  channel,
  settings,
  onChange,
}: {
  channel: Channel;
  settings: Record<string, unknown>;
  onChange: (settings: Record<string, unknown>) => void;
}) {
  const set = (name: string, value: unknown) => onChange({ ...settings, [name]: value });
  if (channel.type === "email") {
    return (
      <>
        <div className="grid gap-4 sm:grid-cols-3">
          {ADDRESSES.map(([name, label]) => (
            <Field
              key={name}
              label={label}
              value={asText(settings[name]) ?? ""}
              onChange={(event) => set(name, event.target.value || null)}
            />
          ))}
        </div>
        <CheckField
          label="Track opens"
          hint="An image in the mail reports that it was opened."
          checked={settings.track_opens === true}
          onChange={(on) => set("track_opens", on)}
        />
        <CheckField
          label="Track links"
          hint="Links lead through this server, which reports that they were followed."
          checked={settings.track_links === true}
          onChange={(on) => set("track_links", on)}
        />
      </>
    );
  }
  if (channel.provider === "chat_slack") {
    return (
      <CheckField
        label="Find people by mail address"
        hint="A recipient without a connection is looked up in Slack by their address."
        checked={settings.email_based_user_id_resolution === true}
        onChange={(on) => set("email_based_user_id_resolution", on)}
      />
    );
  }
  return null;
}

function State({ channel }: { channel: Channel }) {
  const environment = environmentOf(channel);
  const queries = useQueryClient();
  const go = useGo();
  const remove = async () => {
    await data(api.DELETE("/v1/channels/{key}", { params: { path: { key: channel.key } } }));
    void queries.invalidateQueries({ queryKey: ["channels"] });
    void queries.invalidateQueries({ queryKey: ["list", "channels"] });
    done(`“${channel.name}” is deleted.`);
    await go(paths.channels);
  };
  return (
    <Panel title="State">
      <Facts
        of={[
          ["State", <Status key="s" word={stateOf(channel)} />],
          ["Key", <Code key="k">{channel.key}</Code>],
          [
            "Id",
            <span key="i" className="flex items-center gap-1">
              <code className="truncate font-mono text-xs">{channel.id}</code>
              <CopyButton iconOnly text={channel.id} label="Copy the id" />
            </span>,
          ],
          ["Type", typeTitle(channel.type)],
          ["Provider", providerOf(channel.provider)?.title ?? channel.provider],
          ["Changed", <Time key="c" at={channel.updated_at} />],
        ]}
      />
      {channel.provider === "email_smtp" && !environment.provider_settings.includes("url") && (
        <p className="text-quiet px-4 pb-4">
          {environment.is_valid
            ? "Mails go through the server's own setting smtp_url."
            : "No mail server is set, here or in the server's setting smtp_url: no mail is sent."}
        </p>
      )}
      {environment.intake_url && (
        <div className="grid gap-1 px-4 pb-4">
          <p className="text-quiet">Point Resend's webhooks here, so that it tells what became of mails:</p>
          <p className="flex items-center gap-1">
            <Code>{environment.intake_url}</Code>
            <CopyButton iconOnly text={environment.intake_url} label="Copy the address" />
          </p>
        </div>
      )}
      {!SEEDED.includes(channel.key) && (
        <div className="px-4 pb-4">
          <Confirm
            trigger={<Button kind="danger">Delete…</Button>}
            title={`Delete “${channel.name}”?`}
            action="Delete the channel"
            onConfirm={remove}
          >
            <p>
              Its settings and secrets are gone. Steps that name it are skipped until they name another one. Messages
              that were sent stay.
            </p>
          </Confirm>
        </div>
      )}
    </Panel>
  );
}

function SlackApp() {
  const address = `${window.location.origin}/providers/slack/authenticate`;
  return (
    <Panel title="The Slack app">
      <div className="grid gap-2 p-4">
        <p>
          Make an app at{" "}
          <a href="https://api.slack.com/apps" target="_blank" rel="noreferrer" className="text-bronze underline">
            api.slack.com
          </a>{" "}
          with the bot scopes <Code>channels:read</Code> and <Code>chat:write</Code>, and with this redirect URL:
        </p>
        <p className="flex items-center gap-1">
          <Code>{address}</Code>
          <CopyButton iconOnly text={address} label="Copy the redirect URL" />
        </p>
        <p className="text-quiet">A mistyped secret is replaced in the settings: write it again and save.</p>
      </div>
    </Panel>
  );
}
