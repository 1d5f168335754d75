// The preferences of a user or an object: each set as a table and as JSON.

import { useQuery } from "@tanstack/react-query";

import { SelectField } from "../../../components/ui/field";
import { Failure, Skeleton } from "../../../components/ui/page";
import { api, data, type Schemas } from "../../../lib/api";
import { asObject, isObject } from "../../../lib/json";
import { useUrl } from "../../../lib/url";
import { applied, EMPTY_SET, type PreferenceSet, type PreferenceSetIn } from "../parts/preferences";
import { type Reference, wordOf } from "../parts/recipient";
import { SetEditor } from "../parts/set-editor";
import { writeProperties } from "./properties-panel";

const readAll = (reference: Reference) =>
  typeof reference === "string"
    ? data(api.GET("/v1/users/{user}/preferences", { params: { path: { user: reference } } }))
    : data(api.GET("/v1/objects/{collection}/{id}/preferences", { params: { path: reference } }));

const write = (reference: Reference, set: string, body: PreferenceSetIn) =>
  typeof reference === "string"
    ? data(api.PUT("/v1/users/{user}/preferences/{set}", { params: { path: { user: reference, set } }, body }))
    : data(
        api.PUT("/v1/objects/{collection}/{id}/preferences/{set}", { params: { path: { ...reference, set } }, body }),
      );

const remove = (reference: Reference, set: string) =>
  typeof reference === "string"
    ? data(api.DELETE("/v1/users/{user}/preferences/{set}", { params: { path: { user: reference, set } } }))
    : data(api.DELETE("/v1/objects/{collection}/{id}/preferences/{set}", { params: { path: { ...reference, set } } }));

/** The workflows that can reach a user: internal ones reach members only. */
function useReachable(reference: Reference): string[] | undefined {
  const user = typeof reference === "string" ? reference : undefined;
  const center = useQuery({
    queryKey: ["preferences", "center", user],
    enabled: user !== undefined,
    queryFn: () =>
      data(api.GET("/v1/users/{user}/preference_center/config", { params: { path: { user: user ?? "" } } })),
  });
  return center.data?.config.rows.flatMap(({ identifier }) => identifier ?? []);
}

export function RecipientPreferences({ reference }: { reference: Reference }) {
  const url = useUrl();
  const reachable = useReachable(reference);
  const sets = useQuery({ queryKey: ["preferences", "sets", wordOf(reference)], queryFn: () => readAll(reference) });
  if (sets.isPending) return <Skeleton lines={6} />;
  if (sets.isError) return <Failure error={sets.error} onRetry={() => void sets.refetch()} />;
  const asked = url.get("set") ?? "default";
  const set = sets.data.find(({ id }) => id === asked) ?? sets.data[0];
  if (!set) return <p className="text-quiet">No preferences are set. Everything is wanted.</p>;
  return (
    <div className="grid gap-4">
      {sets.data.length > 1 && (
        <div className="max-w-64">
          <SelectField
            label="Preference set"
            value={set.id}
            options={sets.data.map(({ id }) => ({ value: id, title: id }))}
            onChange={(event) => url.set({ set: event.target.value })}
          />
        </div>
      )}
      <SetEditor
        key={set.id}
        set={set}
        reachable={reachable}
        queryKey={["preferences", "sets", wordOf(reference)]}
        onWrite={(body) => write(reference, set.id, body)}
        onRemove={() => remove(reference, set.id)}
      />
    </div>
  );
}

/** The default preferences within a tenant. They are part of the tenant's settings, which are written as a whole. */
export function TenantDefaults({ tenant }: { tenant: Schemas["KnockTenant"] }) {
  const settings = asObject(tenant.settings);
  const stored = isObject(settings.preference_set) ? settings.preference_set : {};
  const set: PreferenceSet = { ...EMPTY_SET, ...stored };
  const write = (change: PreferenceSetIn) => {
    const { __persistence_strategy__, ...whole } = asObject(change);
    const next = __persistence_strategy__ === "replace" ? whole : applied(stored, change);
    return writeProperties(
      { collection: "$tenants", id: tenant.id },
      { settings: { ...settings, preference_set: next } },
    );
  };
  return (
    <SetEditor
      title="What everybody within this tenant begins with"
      set={set}
      queryKey={["recipient-page"]}
      onWrite={write}
    />
  );
}
