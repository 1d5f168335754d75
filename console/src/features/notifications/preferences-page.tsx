// What the member is told, and how: a row for each workflow, a column for each type of channel.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { Empty, Panel, Skeleton } from "../../components/ui";
import { useSession } from "../../lib/api";
import { CHANNEL_NAMES, knock } from "../../lib/knock";
import { Frame, Trouble } from "./frame";

type Setting = boolean | { conditions?: unknown } | undefined;
type Row = { type: string; identifier: string | null; name: string; description: string; channel_types: string[] };
type Center = { config: { rows: Row[] } };
type Set = { workflows?: Record<string, boolean | { channel_types?: Record<string, Setting> }> };

export function PreferencesPage() {
  const session = useSession();
  const member = session.data?.member.id ?? "";
  return (
    <Frame title="What I am told" lead="Untick what you do not want to hear. What somebody has tied to conditions is theirs to change.">
      {member ? <Matrix member={member} /> : <Skeleton />}
    </Frame>
  );
}

/** What is set for a workflow and a type of channel; undefined where conditions decide. */
function setting(set: Set, workflow: string, type: string): boolean | undefined {
  const whole = set.workflows?.[workflow];
  if (typeof whole === "boolean") return whole;
  const one = whole?.channel_types?.[type];
  return typeof one === "object" ? undefined : (one ?? true);
}

function Matrix({ member }: { member: string }) {
  const queries = useQueryClient();
  const center = useQuery({
    queryKey: ["preferences", "center", member],
    queryFn: () => knock<Center>(`/users/${member}/preference_center/config`),
  });
  const set = useQuery({
    queryKey: ["preferences", "set", member],
    queryFn: () => knock<Set>(`/users/${member}/preferences/default`),
  });
  const save = useMutation({
    mutationFn: ({ workflow, type, wanted }: { workflow: string; type: string; wanted: boolean }) =>
      knock(`/users/${member}/preferences/default`, "PUT", {
        __persistence_strategy__: "merge",
        workflows: { [workflow]: { channel_types: { [type]: wanted } } },
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["preferences", "set"] }),
  });
  if (center.isPending || set.isPending) return <Skeleton />;
  if (center.isError || set.isError) return <Trouble error={center.error ?? set.error} />;
  const rows = center.data.config.rows.filter((row) => row.identifier !== null);
  const types = Object.keys(CHANNEL_NAMES).filter((type) => rows.some((row) => row.channel_types.includes(type)));
  if (rows.length === 0) return <Empty>There are no workflows yet.</Empty>;
  return (
    <Panel title="Workflows and channels">
      <div className="overflow-x-auto">
        <table className="w-full text-left">
          <thead>
            <tr className="border-line border-b">
              <th scope="col" className="px-4 py-2 font-medium">Workflow</th>
              {types.map((type) => (
                <th key={type} scope="col" className="px-3 py-2 text-center font-medium whitespace-nowrap">{CHANNEL_NAMES[type]}</th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-line divide-y">
            {rows.map((row) => (
              <tr key={row.identifier}>
                <th scope="row" className="min-w-48 px-4 py-3 font-normal">
                  <span className="block font-medium">{row.name}</span>
                  <span className="text-quiet block text-xs">{row.description}</span>
                </th>
                {types.map((type) => (
                  <td key={type} className="px-3 py-3 text-center">
                    {row.channel_types.includes(type) && (
                      <Tick
                        // A box turns at once; what could not be kept turns back.
                        key={save.isError ? "not kept" : "kept"}
                        label={`${row.name}: ${CHANNEL_NAMES[type]}`}
                        wanted={setting(set.data, row.identifier ?? "", type)}
                        onTurn={(wanted) => save.mutate({ workflow: row.identifier ?? "", type, wanted })}
                      />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="px-4 pb-2"><Trouble error={save.error} /></div>
    </Panel>
  );
}

function Tick({ label, wanted, onTurn }: { label: string; wanted: boolean | undefined; onTurn: (wanted: boolean) => void }) {
  return (
    <input
      type="checkbox"
      aria-label={label}
      className="accent-bronze size-5 cursor-pointer align-middle disabled:cursor-not-allowed"
      defaultChecked={wanted ?? false}
      disabled={wanted === undefined}
      title={wanted === undefined ? "Conditions decide this" : undefined}
      onChange={(event) => onTurn(event.target.checked)}
    />
  );
}
