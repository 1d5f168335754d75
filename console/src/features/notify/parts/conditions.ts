// Conditions as a form shows them: groups of which all or any must hold, and comparisons in them.

import type { Schemas } from "../../../lib/api";
import { asList, asObject, asText, isObject } from "../../../lib/json";

export type Conditions = Schemas["KnockConditions"];
export type Comparison = { kind: "one"; variable: string; operator: string; argument: unknown };
export type Group = { kind: "group"; mode: "all" | "any"; items: ConditionNode[] };
export type ConditionNode = Comparison | Group;

/** How many values a comparison is with. */
type Operator = { key: string; title: string; takes: 0 | 1 };

export const OPERATORS: Operator[] = [
  { key: "equal_to", title: "is", takes: 1 },
  { key: "not_equal_to", title: "is not", takes: 1 },
  { key: "greater_than", title: "is more than", takes: 1 },
  { key: "greater_than_or_equal_to", title: "is at least", takes: 1 },
  { key: "less_than", title: "is less than", takes: 1 },
  { key: "less_than_or_equal_to", title: "is at most", takes: 1 },
  { key: "is_between", title: "is between", takes: 1 },
  { key: "contains", title: "contains", takes: 1 },
  { key: "not_contains", title: "does not contain", takes: 1 },
  { key: "contains_all", title: "contains all of", takes: 1 },
  { key: "not_contains_all", title: "does not contain all of", takes: 1 },
  { key: "empty", title: "is empty", takes: 0 },
  { key: "not_empty", title: "is not empty", takes: 0 },
  { key: "exists", title: "exists", takes: 0 },
  { key: "not_exists", title: "does not exist", takes: 0 },
  { key: "is_timestamp", title: "is a time", takes: 0 },
  { key: "is_not_timestamp", title: "is not a time", takes: 0 },
  { key: "is_timestamp_before", title: "is before", takes: 1 },
  { key: "is_timestamp_on_or_after", title: "is at or after", takes: 1 },
  { key: "is_timestamp_between", title: "is a time between", takes: 1 },
  { key: "is_timestamp_before_now", title: "is in the past", takes: 0 },
  { key: "is_timestamp_on_or_after_now", title: "is now or in the future", takes: 0 },
  { key: "is_audience_member", title: "is in the audience", takes: 1 },
  { key: "is_not_audience_member", title: "is not in the audience", takes: 1 },
  { key: "is_in_random_cohort", title: "is among a random percentage", takes: 1 },
];

const BY_KEY = new Map(OPERATORS.map((operator) => [operator.key, operator]));
export const takesArgument = (operator: string) => BY_KEY.get(operator)?.takes !== 0;
export const operatorTitle = (operator: string) => BY_KEY.get(operator)?.title ?? operator.replaceAll("_", " ");

/** The argument of a condition, for people to read and write. */
export function argumentText(argument: unknown): string {
  if (argument === undefined || argument === null) return "";
  return typeof argument === "string" ? argument : JSON.stringify(argument);
}

function nodeOf(value: unknown): ConditionNode {
  if (Array.isArray(value)) return { kind: "group", mode: "all", items: value.map(nodeOf) };
  const { all, any, variable, property, operator, argument } = asObject(value);
  if (Array.isArray(all)) return { kind: "group", mode: "all", items: all.map(nodeOf) };
  if (Array.isArray(any)) return { kind: "group", mode: "any", items: any.map(nodeOf) };
  return {
    kind: "one",
    variable: asText(variable) ?? asText(property) ?? "",
    operator: asText(operator) ?? "equal_to",
    argument,
  };
}

/** The outermost group; nothing where there are no conditions. */
export function groupOf(conditions: unknown): Group | undefined {
  if (conditions === undefined || conditions === null || (isObject(conditions) && Object.keys(conditions).length === 0))
    return undefined;
  const node = nodeOf(conditions);
  if (node.kind === "group") return node.items.length > 0 ? node : undefined;
  return { kind: "group", mode: "all", items: [node] };
}

function written(node: ConditionNode): Conditions {
  if (node.kind === "group") {
    const items = node.items.map(written);
    return node.mode === "all" ? { all: items } : { any: items };
  }
  const { variable, operator, argument } = node;
  const value = argument as Schemas["KnockCondition"]["argument"];
  return takesArgument(operator) ? { variable, operator, argument: value ?? "" } : { variable, operator };
}

export const conditionsOf = (group: Group): Conditions | null => (group.items.length === 0 ? null : written(group));

/** All conditions in a line, for a box of a diagram. */
export function inWords(conditions: unknown): string {
  const group = groupOf(conditions);
  return group ? wordsOf(group) : "";
}

function wordsOf(node: ConditionNode): string {
  if (node.kind === "one") {
    const argument = takesArgument(node.operator) ? ` ${argumentText(node.argument)}` : "";
    return `${node.variable.replace(/^data\./, "")} ${operatorTitle(node.operator)}${argument}`;
  }
  const inner = node.items.map((item) =>
    item.kind === "group" && node.items.length > 1 ? `(${wordsOf(item)})` : wordsOf(item),
  );
  return inner.join(node.mode === "all" ? " and " : " or ");
}

/** A comparison as a run's log has it: with the value that was found, and whether it held. */
export type Evaluated = Comparison & { found?: unknown; holds?: boolean };

export function evaluatedOf(value: unknown): Evaluated[] {
  return asList(value).map((item) => {
    const { variable, operator, argument, found, holds } = asObject(item);
    return {
      kind: "one",
      variable: asText(variable) ?? "",
      operator: asText(operator) ?? "",
      argument,
      ...(found !== undefined && { found }),
      ...(typeof holds === "boolean" && { holds }),
    };
  });
}
