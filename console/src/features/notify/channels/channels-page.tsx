// All channels, with their providers and whether they can send.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Radio } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Badge, Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { type Column, DataTable } from "../../../components/ui/data-table";
import { Dialog, DialogActions } from "../../../components/ui/dialog";
import { Field } from "../../../components/ui/field";
import { useGo } from "../../../components/ui/go";
import { EmptyState, Page } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import { usePageActions } from "../../../lib/actions";
import { api, data, type Schemas } from "../../../lib/api";
import {
  type Change,
  PROVIDERS,
  type Provider,
  providerOf,
  settingsOf,
  stateOf,
  typeTitle,
} from "../../../lib/channel-providers";
import { type Channel, settingsOf as environmentOf } from "../../../lib/knock";
import { useList } from "../../../lib/list";
import { paths } from "../../../lib/paths";
import { FormFailure } from "../parts/form-failure";
import { keyOf } from "../parts/stored-document";
import { ProviderFields } from "./provider-fields";

const COLUMNS: Column<Channel>[] = [
  {
    key: "name",
    title: "Channel",
    cell: (it) => <span className="font-medium">{it.name}</span>,
    text: (it) => it.name,
    width: "minmax(10rem, 2fr)",
  },
  {
    key: "state",
    title: "State",
    cell: (it) => <Status word={stateOf(it)} />,
    text: stateOf,
    width: "8rem",
    phone: "first",
  },
  {
    key: "type",
    title: "Type",
    cell: (it) => <Badge>{typeTitle(it.type)}</Badge>,
    text: (it) => it.type,
    width: "8rem",
  },
  {
    key: "provider",
    title: "Provider",
    cell: (it) => providerOf(it.provider)?.title ?? it.provider,
    text: (it) => it.provider,
    width: "minmax(8rem, 1fr)",
  },
  {
    key: "tracking",
    title: "Tracking",
    cell: (it) => tracked(it),
    text: tracked,
    width: "minmax(7rem, 1fr)",
    phone: "none",
  },
  {
    key: "key",
    title: "Key",
    cell: (it) => <code className="font-mono text-xs">{it.key}</code>,
    text: (it) => it.key,
    width: "minmax(7rem, 1fr)",
    phone: "none",
  },
  {
    key: "updated",
    title: "Updated",
    cell: (it) => <Time at={it.updated_at} />,
    text: (it) => it.updated_at,
    width: "6.5rem",
    align: "end",
  },
];

function tracked(channel: Channel): string {
  const { track_opens, track_links } = environmentOf(channel).channel_settings;
  return [track_opens === true && "opens", track_links === true && "links"].filter(Boolean).join(", ");
}

export function ChannelsPage() {
  const go = useGo();
  const [adds, setAdds] = useState(false);
  const list = useList<Channel>({
    key: ["channels"],
    page: async (after) => {
      const { entries, page_info } = await data(
        api.GET("/v1/channels", { params: { query: { page_size: 50, ...(after && { after }) } } }),
      );
      return { items: entries, next: page_info.after };
    },
    idOf: ({ key }) => key,
  });
  usePageActions([{ title: "Add a channel", icon: <Plus className="size-4" />, run: () => setAdds(true) }]);
  return (
    <Page
      fills
      title="Channels"
      lead="What messages go through: mail, chat, text messages, push, webhooks and the feed."
      actions={
        <>
          <Button onClick={() => void go(paths.channelGroups)}>Channel groups</Button>
          <Button kind="primary" onClick={() => setAdds(true)}>
            <Plus aria-hidden className="size-4" />
            Add a channel
          </Button>
        </>
      }
    >
      <DataTable
        name="channels"
        label="Channels"
        list={list}
        columns={COLUMNS}
        idOf={({ key }) => key}
        onOpen={({ key }) => void go(paths.channel(key))}
        empty={
          <EmptyState icon={<Radio />} title="No channels yet">
            A channel carries the messages of workflows.
          </EmptyState>
        }
      />
      {adds && <AddChannel onClose={() => setAdds(false)} />}
    </Page>
  );
}

function AddChannel({ onClose }: { onClose: () => void }) {
  const [provider, setProvider] = useState<Provider>();
  return (
    <Dialog
      title={provider ? `Add ${provider.title}` : "Add a channel"}
      lead={provider?.about}
      open
      onClose={onClose}
      wide={!provider}
    >
      {provider ? (
        <ChannelForm provider={provider} onBack={() => setProvider(undefined)} onClose={onClose} />
      ) : (
        <ProviderChoice onChoose={setProvider} />
      )}
    </Dialog>
  );
}

function ProviderChoice({ onChoose }: { onChoose: (provider: Provider) => void }) {
  return (
    <ul className="grid gap-2 sm:grid-cols-2">
      {PROVIDERS.map((provider) => (
        <li key={provider.key}>
          <button
            type="button"
            onClick={() => onChoose(provider)}
            className="border-line hover:bg-sunken grid h-full w-full cursor-pointer content-start gap-0.5 rounded-md border p-2.5 text-left"
          >
            <span className="flex items-center gap-2 font-medium">
              {provider.title}
              <Badge>{typeTitle(provider.type)}</Badge>
            </span>
            <span className="text-quiet text-xs">{provider.about}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function ChannelForm({ provider, onBack, onClose }: { provider: Provider; onBack: () => void; onClose: () => void }) {
  const queries = useQueryClient();
  const go = useGo();
  const known = useQuery({
    queryKey: ["channels"],
    queryFn: () => data(api.GET("/v1/channels", { params: { query: { page_size: 50 } } })),
  });
  const [name, setName] = useState(provider.title);
  const [key, setKey] = useState<string>();
  const [change, setChange] = useState<Change>({});
  const chosen = key ?? keyOf(name);
  const isTaken = known.data?.entries.some((channel) => channel.key === chosen) ?? false;
  const add = useMutation({
    mutationFn: () => {
      const body: Schemas["KnockChannelSpec"] = {
        type: provider.type,
        provider: provider.key,
        name,
        provider_settings: settingsOf(provider, change),
      };
      return data(api.PUT("/v1/channels/{key}", { params: { path: { key: chosen } }, body }));
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["channels"] });
      void queries.invalidateQueries({ queryKey: ["list", "channels"] });
      onClose();
      done(`“${name}” is added.`);
      void go(paths.channel(chosen));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isTaken) add.mutate();
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field label="Name" required autoFocus value={name} onChange={(event) => setName(event.target.value)} />
      <Field
        label="Key"
        required
        pattern="[A-Za-z0-9_\-]+"
        spellCheck={false}
        value={chosen}
        onChange={(event) => setKey(event.target.value)}
        hint="Steps of workflows name the channel by it."
        problem={isTaken ? `There is a channel “${chosen}” already. Choose another key.` : undefined}
      />
      <ProviderFields provider={provider} known={[]} change={change} onChange={setChange} />
      <FormFailure error={add.error} />
      <DialogActions>
        <Button onClick={onBack}>Back</Button>
        <Button type="submit" kind="primary" busy={add.isPending}>
          Add the channel
        </Button>
      </DialogActions>
    </form>
  );
}
