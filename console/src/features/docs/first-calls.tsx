// The first call of each API, in the languages that have an official library for it.

import type { ReactNode } from "react";

import { Go } from "../../components/ui/go";
import { Snippet } from "../../components/ui/snippet";
import { paths } from "../../lib/paths";
import { knock } from "./snippets-knock";
import { own } from "./snippets-own";
import { svix } from "./snippets-svix";

export function FirstCalls() {
  const host = location.origin;
  return (
    <div className="grid max-w-3xl gap-6">
      <p>
        Campanile has three APIs at <code className="font-mono text-xs">{host}</code>. All of them take a secret key:
        make one in{" "}
        <Go to={paths.keys} className="text-bronze underline">
          Settings, Keys
        </Go>
        , and keep it in the environment as <code className="font-mono text-xs">CAMPANILE_KEY</code>.
      </p>
      <Part title="Read observations" lead="Our own API, at /api. It is JSON over HTTP, and needs no library.">
        <Snippet label="Read observations" tabs={own(host)} />
      </Part>
      <Part
        title="Send a webhook"
        lead="The Svix API, at /api/v1. The official libraries work when their server's address is set. An application gathers the endpoints of one customer."
      >
        <Snippet label="Send a webhook" tabs={svix(host)} />
      </Part>
      <Part
        title="Notify somebody"
        lead="The Knock API, at /v1. The official libraries work when their base URL is set. The workflow must exist: make one below Notify, Workflows."
      >
        <Snippet label="Notify somebody" tabs={knock(host)} />
      </Part>
    </div>
  );
}

function Part({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="min-w-0">
      <h2 className="text-base font-semibold">{title}</h2>
      <p className="text-quiet mt-0.5 mb-2">{lead}</p>
      {children}
    </section>
  );
}
