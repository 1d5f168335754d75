// Preferences as a table shows them: a row for everything, for each category and each workflow; a column for each type of channel.

import type { Schemas } from "../../../lib/api";
import { asObject, isObject } from "../../../lib/json";
import { CHANNEL_NAMES, type Workflow } from "../../../lib/knock";
import { channelTypes } from "../workflows/document";

export type PreferenceSet = Schemas["KnockPreferenceSet"];
export type PreferenceSetIn = Schemas["KnockPreferenceSetIn"];
/** Undefined where conditions decide. */
export type Setting = boolean | undefined;
export type Row = {
  part: "all" | "categories" | "workflows";
  key: string;
  title: string;
  about?: string;
  types: string[];
};

export const TYPES = Object.keys(CHANNEL_NAMES);

function settingOf(value: unknown): Setting | null {
  if (typeof value === "boolean") return value;
  return isObject(value) ? undefined : null;
}

/** The setting of a row and a type of channel; all that is not set is wanted. */
export function settingIn(set: PreferenceSet, row: Row, type: string): Setting {
  if (row.part === "all") return orWanted(settingOf(asObject(set.channel_types)[type]));
  const whole = asObject(set[row.part])[row.key];
  if (typeof whole === "boolean") return whole;
  const one = settingOf(asObject(asObject(whole).channel_types)[type]);
  // Conditions of the whole row decide for each of its channels.
  if (one === null && asObject(whole).conditions) return undefined;
  return orWanted(one);
}

const orWanted = (setting: Setting | null): Setting => (setting === null ? true : setting);

/** The change that one box makes; the others stay. A row that was set as a whole is set channel by channel from then on. */
export function changeOf(set: PreferenceSet, row: Row, type: string, wanted: boolean): PreferenceSetIn {
  if (row.part === "all") return { __persistence_strategy__: "merge", channel_types: { [type]: wanted } };
  const whole = asObject(set[row.part])[row.key];
  const others = typeof whole === "boolean" ? Object.fromEntries(row.types.map((one) => [one, whole])) : {};
  return {
    __persistence_strategy__: "merge",
    [row.part]: { [row.key]: { channel_types: { ...others, [type]: wanted } } },
  };
}

/** The rows that a set can be about. */
export function rowsOf(workflows: Workflow[], set: PreferenceSet): Row[] {
  const categories = [
    ...new Set([...workflows.flatMap((workflow) => workflow.categories), ...Object.keys(set.categories)]),
  ]
    .filter((key) => !key.startsWith("__"))
    .sort();
  const sending = workflows
    .map((workflow) => ({ workflow, types: channelTypes(workflow.steps) }))
    .filter(({ types }) => types.length > 0);
  const of = (category: string) => [
    ...new Set(sending.filter(({ workflow }) => workflow.categories.includes(category)).flatMap(({ types }) => types)),
  ];
  return [
    { part: "all", key: "", title: "Everything", about: "whatever the workflow", types: TYPES },
    ...categories.map(
      (key): Row => ({
        part: "categories",
        key,
        title: key,
        about: "category",
        types: of(key).length > 0 ? of(key) : TYPES,
      }),
    ),
    ...sending.map(
      ({ workflow, types }): Row => ({
        part: "workflows",
        key: workflow.key,
        title: workflow.name || workflow.key,
        ...(workflow.description && { about: workflow.description }),
        types,
      }),
    ),
  ];
}

/** A set with a change put into it, for what is written as a whole. */
export function applied(set: Record<string, unknown>, change: PreferenceSetIn): Record<string, unknown> {
  const { __persistence_strategy__, ...parts } = asObject(change);
  return merged(set, parts);
}

function merged(before: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  const pairs = Object.entries(change).map(([name, value]) => {
    const known = before[name];
    return [name, isObject(known) && isObject(value) ? merged(known, value) : value] as const;
  });
  return { ...before, ...Object.fromEntries(pairs) };
}

/** A set in which nothing is set. */
export const EMPTY_SET: PreferenceSet = {
  id: "default",
  categories: {},
  channel_types: {},
  channels: {},
  workflows: {},
  commercial_subscribed: null,
};
