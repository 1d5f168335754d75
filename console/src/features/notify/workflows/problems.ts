// The faults of a workflow, at the step and the field that each is about.

import type { Schemas } from "../../../lib/api";
import { asObject, asText } from "../../../lib/json";
import { allSteps, type Doc } from "./document";

/** `step` is missing for what is wrong with the whole workflow; `field` for what is wrong with the whole step. */
export type Problem = { step?: string; field?: string; message: string };

/** Faults name a step by its ref, and a field of it after a point: `mail.template.subject`. Refs may have points themselves. */
export function placed(faults: { field: string; message: string }[], doc: Doc): Problem[] {
  const refs = allSteps(doc.steps)
    .map(({ ref }) => ref)
    .sort((a, b) => b.length - a.length);
  return faults.map(({ field, message }) => {
    const step = refs.find((ref) => ref !== "" && (field === ref || field.startsWith(`${ref}.`)));
    if (step === undefined) return { field, message };
    const inner = field.slice(step.length + 1);
    return { step, ...(inner && { field: fieldOf(inner, message) }), message };
  });
}

/** "needs subject" is about the template's subject. */
function fieldOf(field: string, message: string): string {
  const needed = field === "template" ? /^needs (\w+)$/.exec(message)?.[1] : undefined;
  return needed ? `template.${needed}` : field;
}

type Known = { channels?: Schemas["KnockChannel"][]; groups?: string[]; workflows?: string[] };

/** Faults that the server does not refuse and that cannot work: channels and workflows that are not there. */
export function missing(doc: Doc, { channels, groups, workflows }: Known): Problem[] {
  return allSteps(doc.steps).flatMap((step): Problem[] => {
    const channel = channels?.find(({ key, id }) => step.channel_key === key || step.channel_key === id);
    if (step.channel_key && channels && !channel)
      return [{ step: step.ref, field: "channel_key", message: `There is no channel “${step.channel_key}”.` }];
    if (channel && step.channel_type && channel.type !== step.channel_type) {
      return [
        {
          step: step.ref,
          field: "channel_key",
          message: `The channel “${channel.key}” is of another type (${channel.type}).`,
        },
      ];
    }
    if (step.channel_group_key && groups && !groups.includes(step.channel_group_key)) {
      return [
        {
          step: step.ref,
          field: "channel_group_key",
          message: `There is no channel group “${step.channel_group_key}”.`,
        },
      ];
    }
    const target = step.type === "trigger_workflow" ? asText(asObject(step.settings).workflow_key) : undefined;
    if (target && !target.includes("{{") && workflows && !workflows.includes(target)) {
      return [{ step: step.ref, field: "settings.workflow_key", message: `There is no workflow “${target}”.` }];
    }
    return [];
  });
}

/** Problems of a field of a step. Without a field, those that no form shows at a field of its own. */
export const problemOf = (problems: Problem[], step: string, field: string): string | undefined =>
  problems.find((problem) => problem.step === step && problem.field === field)?.message;

/** A step's first problem in a sentence. */
export function inShort({ field, message }: Problem): string {
  const name = field?.replace(/^(template|settings)\./, "").replaceAll("_", " ");
  return name && !/^There is|^The /.test(message) ? `${name}: ${message}` : message;
}
