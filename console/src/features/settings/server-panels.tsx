// The server as its owners see it: nodes, database, and the settings in force with where each comes from.

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Badge, Code } from "../../components/ui/badge";
import { inputLook } from "../../components/ui/field";
import { Empty, Facts, Failure, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { api, data, type Schemas } from "../../lib/api";
import { useCan } from "../../lib/role";
import { bytes } from "./figures";

type System = Schemas["System"];

/** All shards of an engine, which its nodes share. */
const SHARDS = 64;

export function ServerPanels() {
  const can = useCan();
  const system = useQuery({
    enabled: can.administer,
    queryKey: ["system"],
    refetchInterval: 15_000,
    queryFn: () => data(api.GET("/api/system")),
  });
  if (!can.administer) return null;
  const wait = system.isPending ? <Skeleton /> : <Failure error={system.error} onRetry={() => void system.refetch()} />;
  return (
    <>
      <Panel title="Nodes" note="that share the work">
        {system.data ? <Nodes of={system.data} /> : wait}
      </Panel>
      <Panel title="Database">{system.data ? <Database of={system.data} /> : wait}</Panel>
      <Panel title="Settings" note="in force on the node that answers" className="lg:col-span-2">
        {system.data ? <Settings of={system.data} /> : wait}
      </Panel>
    </>
  );
}

function Nodes({ of: { nodes, base_url } }: { of: System }) {
  return (
    <>
      <Facts
        of={[
          [
            "Address",
            <span key="address" className="break-all">
              {base_url}
              {base_url !== location.origin && (
                <span className="text-warn block text-xs">
                  You are at {location.origin}. Links in mails lead to the address above.
                </span>
              )}
            </span>,
          ],
        ]}
      />
      <ul className="divide-line border-line divide-y border-t">
        {nodes.map(({ name, started_at, shards }) => (
          <li key={name} className="flex min-h-11 flex-wrap items-center gap-x-3 px-4 py-1.5">
            <span className="min-w-0 flex-1 truncate font-mono text-xs">{name}</span>
            <span className="text-quiet text-xs">
              since <Time at={started_at} />
            </span>
            <span className="text-quiet w-28 text-right text-xs tabular-nums">
              {shards} of {SHARDS} shards
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

const KINDS: Record<string, string> = { sqlite: "SQLite, in the data folder", postgres: "PostgreSQL" };

function Database({ of: { database } }: { of: System }) {
  const tables = database.tables.filter(({ name }) => name !== "all").slice(0, 8);
  return (
    <Facts
      of={[
        ["Kind", KINDS[database.kind] ?? database.kind],
        ["Size", bytes(database.bytes)],
        ...tables.map(({ name, bytes: size }): [string, string] => [name, bytes(size)]),
        ["Schemas", database.schemas.map(({ component, version }) => `${component} ${version}`).join(", ")],
      ]}
    />
  );
}

function Settings({ of: { settings } }: { of: System }) {
  const [asked, setAsked] = useState("");
  if (settings.length === 0) {
    return (
      <Empty>
        This server has several organisations: whoever runs it sees the settings with campanile config check.
      </Empty>
    );
  }
  const found = settings.filter(({ name, help }) => `${name} ${help}`.toLowerCase().includes(asked.toLowerCase()));
  return (
    <>
      <div className="border-line border-b p-3">
        <input
          type="search"
          aria-label="Search settings"
          placeholder="Search settings"
          value={asked}
          onChange={(event) => setAsked(event.target.value)}
          className={inputLook}
        />
      </div>
      {found.length === 0 && <Empty>No setting is called that.</Empty>}
      <ul className="divide-line divide-y">
        {found.map(({ name, value, origin, help }) => (
          <li key={name} className="grid gap-x-4 gap-y-1 px-4 py-2 sm:grid-cols-[minmax(0,1fr)_minmax(0,16rem)_8rem]">
            <div className="min-w-0">
              <p className="font-mono text-xs break-all">{name}</p>
              <p className="text-quiet text-xs">{help}</p>
            </div>
            <p className="min-w-0 break-words">
              {/^\(.*set\)$/.test(value) ? <span className="text-quiet text-xs">{value}</span> : <Code>{value}</Code>}
            </p>
            <p>
              <Badge tone={origin === "default" ? "quiet" : "info"}>
                <span className="max-w-28 truncate" title={origin}>
                  {origin}
                </span>
              </Badge>
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
