// The integrations: where observations come from, how people are told, and how other systems are told and ask.

import { Plus } from "lucide-react";
import type { ReactNode } from "react";

import { Page } from "../../components/ui/page";
import { usePageActions } from "../../lib/actions";
import { PROVIDERS, type ProviderKey } from "../../lib/providers";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import { AddSource } from "./add-source";
import { AutomationCards } from "./automation-cards";
import { ChannelCards } from "./channel-cards";
import { AccountCards } from "./connections/account-cards";
import { ConnectDialogs } from "./connections/connect-dialog";
import { useConnectors } from "./connections/connections";
import { SourceCards } from "./source-cards";

export function IntegrationsPage() {
  const url = useUrl();
  const can = useCan();
  const connectors = useConnectors();
  const adding = PROVIDERS.find(({ key }) => key === url.get("add"));
  const withApp = connectors.data?.filter(({ has_own_app }) => has_own_app) ?? [];
  const withToken = connectors.data?.filter(({ has_token }) => has_token) ?? [];
  usePageActions(
    can.configure
      ? [
          ...withApp.map(({ provider, name }) => ({
            title: `Connect ${name}`,
            icon: <Plus />,
            run: () => url.set({ connect: provider }),
          })),
          ...withToken.map(({ provider, name }) => ({
            title: `Connect ${name} with a token`,
            icon: <Plus />,
            run: () => url.set({ token: provider }),
          })),
          ...PROVIDERS.map(({ key, name }) => ({
            title: `Add ${name}`,
            icon: <Plus />,
            run: () => url.set({ add: key }),
          })),
        ]
      : [],
  );
  return (
    <Page
      title="Integrations"
      lead="The tools that Campanile hears, and the ways in which it tells people and systems."
    >
      <div className="grid gap-10">
        <Group title="Data connectors" lead="Where observations come from.">
          <Part
            title="Accounts"
            lead="Accounts of tools that are connected. Campanile asks the tool itself, beside taking its webhooks."
          >
            <AccountCards />
          </Part>
          <Part title="Sources" lead="Linked resources of accounts, and addresses that tools send their deliveries to.">
            <SourceCards />
          </Part>
        </Group>
        <Group title="Notification channels" lead="How people are told.">
          <ChannelCards />
        </Group>
        <Group title="Automation" lead="How other systems are told, and how they ask.">
          <AutomationCards />
        </Group>
      </div>
      {adding && can.configure && (
        <AddSource key={adding.key} provider={adding.key as ProviderKey} onClose={() => url.set({ add: undefined })} />
      )}
      <ConnectDialogs />
    </Page>
  );
}

type PartProps = { title: string; lead: string; children: ReactNode };

function Group({ title, lead, children }: PartProps) {
  return (
    <section aria-label={title}>
      <h2 className="text-base font-semibold">{title}</h2>
      <p className="text-quiet mb-3">{lead}</p>
      <div className="grid gap-6">{children}</div>
    </section>
  );
}

function Part({ title, lead, children }: PartProps) {
  return (
    <section aria-label={title} className="min-w-0">
      <h3 className="font-semibold">{title}</h3>
      <p className="text-quiet mb-3">{lead}</p>
      {children}
    </section>
  );
}
