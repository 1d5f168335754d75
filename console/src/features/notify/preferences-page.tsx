// The member's preferences: a row for each workflow, a column for each type of channel.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { Empty, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Tabs } from "../../components/ui/tabs";
import { done, notDone } from "../../components/ui/toast";
import { api, data, type Schemas, useSession } from "../../lib/api";
import { PreferenceTable } from "./parts/preference-table";
import { changeOf, type PreferenceSet, type PreferenceSetIn, type Row } from "./parts/preferences";
import { SetEditor } from "./parts/set-editor";

type CenterRow = Schemas["KnockPreferencePageConfig"]["config"]["rows"][number];

export function PreferencesPage() {
  const session = useSession();
  const member = session.data?.member.id;
  return (
    <Page title="Preferences" lead="What you are told, and over which channels.">
      {member ? (
        <Tabs
          label="Preferences"
          tabs={[
            { key: "mine", title: "Mine", content: <Matrix member={member} /> },
            { key: "everybody", title: "Default for everybody", content: <Defaults /> },
          ]}
        />
      ) : (
        <Skeleton lines={6} />
      )}
    </Page>
  );
}

const KEY = (member: string) => ["preferences", "set", member];

function Matrix({ member }: { member: string }) {
  const queries = useQueryClient();
  const path = { user: member, set: "default" };
  const center = useQuery({
    queryKey: ["preferences", "center", member],
    queryFn: () => data(api.GET("/v1/users/{user}/preference_center/config", { params: { path: { user: member } } })),
  });
  const set = useQuery({
    queryKey: KEY(member),
    queryFn: () => data(api.GET("/v1/users/{user}/preferences/{set}", { params: { path } })),
  });
  const save = useMutation({
    mutationFn: ({ body }: { body: PreferenceSetIn; name: string; undo?: PreferenceSetIn }) =>
      data(api.PUT("/v1/users/{user}/preferences/{set}", { params: { path }, body })),
    onSuccess: (written, { name, undo }) => {
      queries.setQueryData<PreferenceSet>(KEY(member), written);
      done(`Saved: ${name}`, undo ? () => save.mutate({ body: undo, name }) : undefined);
    },
    onError: (error) => notDone("It was not saved.", error),
  });
  if (center.isPending || set.isPending) return <Skeleton lines={6} />;
  const error = center.error ?? set.error;
  if (error || !center.data || !set.data)
    return (
      <Failure
        error={error}
        onRetry={() => {
          void center.refetch();
          void set.refetch();
        }}
      />
    );
  const rows = center.data.config.rows.flatMap(rowOf);
  const offersNews = center.data.config.rows.some(({ type }) => type === "commercial_subscribed");
  const turn = (row: Row, type: string, wanted: boolean) =>
    save.mutate({
      body: changeOf(set.data, row, type, wanted),
      undo: changeOf(set.data, row, type, !wanted),
      name: `${row.title} ${wanted ? "on" : "off"}`,
    });
  return (
    <Panel title="Workflows and channels" note="saved at once">
      {rows.length === 0 ? (
        <Empty>No workflow can be turned off.</Empty>
      ) : (
        <PreferenceTable rows={rows} set={set.data} onTurn={turn} />
      )}
      {offersNews && (
        <label className="border-line flex items-center gap-2 border-t px-4 py-3">
          <input
            type="checkbox"
            className="accent-bronze size-4"
            checked={set.data.commercial_subscribed !== false}
            onChange={(event) =>
              save.mutate({
                body: { __persistence_strategy__: "merge", commercial_subscribed: event.target.checked },
                name: "News and offers",
              })
            }
          />
          News and offers
        </label>
      )}
    </Panel>
  );
}

/** The set below all others: what a recipient has who has chosen nothing. */
function Defaults() {
  const set = useQuery({
    queryKey: ["preferences", "everybody"],
    queryFn: () => data(api.GET("/v1/preferences/default")),
  });
  if (set.isPending) return <Skeleton lines={6} />;
  if (set.isError) return <Failure error={set.error} onRetry={() => void set.refetch()} />;
  return (
    <SetEditor
      title="What every recipient begins with"
      set={set.data}
      queryKey={["preferences", "everybody"]}
      onWrite={(body) => data(api.PUT("/v1/preferences/default", { body }))}
    />
  );
}

function rowOf(row: CenterRow): Row[] {
  if (row.type !== "workflow" || row.identifier === null) return [];
  return [
    {
      part: "workflows",
      key: row.identifier,
      title: row.name,
      ...(row.description && { about: row.description }),
      types: row.channel_types,
    },
  ];
}
