// The log of a run as blocks: one for each step, with its result and the reason.

import type { Tone } from "../../../components/ui/tones";
import { asList, asObject, asText } from "../../../lib/json";
import type { RunEvent } from "../../../lib/knock";
import { type Evaluated, evaluatedOf } from "../parts/conditions";

export type Line = {
  key: string;
  at: string;
  title: string;
  tone: Tone;
  /** Why, in a sentence. */
  reason?: string;
  conditions?: Evaluated[];
  message?: string;
  run?: string;
  /** The setting of preferences that refused it, as `workflows.comment.channel_types.email`. */
  preference?: string;
  /** A time that it waits for. */
  until?: string;
  /** The other data of the event. */
  rest?: Record<string, unknown>;
};

export type Block = {
  key: string;
  step: string | null;
  type: string | null;
  outcome: { word: string; tone: Tone };
  lines: Line[];
};

const TITLES: Record<string, [title: string, tone: Tone]> = {
  message_enqueued: ["Message made", "good"],
  step_skipped: ["Skipped", "warn"],
  step_failed: ["Failed", "bad"],
  branch_taken: ["Took a way", "info"],
  cohort_drawn: ["Drew a way", "info"],
  channels_chosen: ["Chose channels of the group", "info"],
  delay_started: ["Waits", "info"],
  wait_started: ["Waits for an event", "info"],
  wait_matched: ["The event came", "good"],
  wait_timed_out: ["The event did not come in time", "warn"],
  batch_opened: ["Opened a batch", "info"],
  joined_batch: ["Joined the batch of an earlier run", "info"],
  batch_closed: ["The batch closed", "good"],
  throttled: ["Throttled: as many as may had passed", "warn"],
  workflow_run_halted: ["The run ended", "warn"],
  workflow_triggered: ["Triggered a workflow", "good"],
  data_updated: ["Updated the data", "good"],
  recipient_updated: ["Updated a recipient", "good"],
  timezone_unknown: ["The time zone is not known", "warn"],
  fetched: ["Fetched", "good"],
  fetch_attempted: ["The request failed", "bad"],
};

export function lineOf(event: RunEvent): Line {
  const data = asObject(event.data);
  const {
    reason,
    error,
    message_id,
    workflow_recipient_run_id,
    conditions,
    decision,
    holds,
    until,
    closes_at,
    rules,
    ...rest
  } = data;
  const decided = asObject(decision);
  const evaluated = evaluatedOf(
    conditions ?? decided.conditions ?? asList(rules).flatMap((rule) => asList(asObject(rule).conditions)),
  );
  const because = asText(reason) ?? asText(error);
  const preference = asText(decided.by);
  const [title, tone] = titled(event, holds, rest);
  const shown = new Set([
    "channel",
    "branch",
    "cohort",
    "workflow",
    "total_activities",
    ...(event.event === "fetched" ? ["status"] : []),
  ]);
  const more = Object.fromEntries(Object.entries(rest).filter(([name]) => !shown.has(name)));
  const message = asText(message_id);
  const run = asText(workflow_recipient_run_id);
  const time = asText(until) ?? asText(closes_at);
  return {
    key: event.id,
    at: event.inserted_at,
    title,
    tone: event.status === "error" ? "bad" : tone,
    ...(because && { reason: because }),
    ...(evaluated.length > 0 && { conditions: evaluated }),
    ...(message && { message }),
    ...(run && { run }),
    ...(preference && { preference }),
    ...(time && { until: time }),
    ...(Object.keys(more).length > 0 && { rest: more }),
  };
}

function titled(event: RunEvent, holds: unknown, rest: Record<string, unknown>): [string, Tone] {
  if (event.event === "conditions_evaluated")
    return holds === false ? ["The conditions do not hold", "warn"] : ["The conditions hold", "good"];
  const [title, tone] = TITLES[event.event] ?? [event.event.replaceAll("_", " "), "quiet" as Tone];
  const about = asText(rest.channel) ?? asText(rest.branch) ?? asText(rest.cohort) ?? asText(rest.workflow);
  if (event.event === "batch_closed" && typeof rest.total_activities === "number")
    return [`${title} with ${rest.total_activities} ${rest.total_activities === 1 ? "activity" : "activities"}`, tone];
  if (event.event === "fetched" && typeof rest.status === "number") return [`${title}: ${rest.status}`, tone];
  return [about ? `${title}: ${about}` : title, tone];
}

const OUTCOMES: [event: string, word: string, tone: Tone][] = [
  ["step_failed", "failed", "bad"],
  ["workflow_run_halted", "ended", "warn"],
  ["throttled", "throttled", "warn"],
  ["message_enqueued", "handed over", "info"],
  ["step_skipped", "skipped", "quiet"],
  ["wait_matched", "matched", "good"],
  ["wait_timed_out", "timed out", "warn"],
  ["batch_closed", "gathered", "good"],
  ["joined_batch", "joined a batch", "info"],
  ["fetched", "done", "good"],
  ["fetch_attempted", "failed", "bad"],
  ["delay_started", "waits", "info"],
  ["wait_started", "waits", "info"],
  ["batch_opened", "gathers", "info"],
];

function outcomeOf(events: RunEvent[]): Block["outcome"] {
  const last = events.at(-1);
  if (last?.status === "error" && last.event !== "step_skipped") return { word: "failed", tone: "bad" };
  const found = OUTCOMES.find(([name]) => events.some(({ event }) => event === name));
  return found ? { word: found[1], tone: found[2] } : { word: "done", tone: "good" };
}

/** Events of one step after each other are one block. */
export function storyOf(events: RunEvent[]): Block[] {
  const blocks: { step: string | null; type: string | null; events: RunEvent[] }[] = [];
  for (const event of events) {
    const last = blocks.at(-1);
    if (last && last.step === event.step_ref) {
      last.events.push(event);
      last.type ??= event.step_type;
    } else {
      blocks.push({ step: event.step_ref, type: event.step_type, events: [event] });
    }
  }
  return blocks.map(({ step, type, events }) => ({
    key: events[0]?.id ?? "",
    step,
    type,
    outcome: outcomeOf(events),
    lines: events.map(lineOf),
  }));
}

/** Why a recipient was not told in the end: the reasons of all that was skipped. Empty if a message was made. */
export function reasonsNotTold(events: RunEvent[]): string[] {
  if (events.some(({ event }) => event === "message_enqueued" || event === "joined_batch")) return [];
  const reasons = events
    .filter(
      ({ event, status }) =>
        event === "step_skipped" ||
        event === "step_failed" ||
        event === "workflow_run_halted" ||
        event === "throttled" ||
        status === "error",
    )
    .map((event) => {
      const { reason, preference, title } = lineOf(event);
      const where = event.step_ref ? `${event.step_ref}: ` : "";
      return `${where}${reason ?? title}${preference ? ` (${preference})` : ""}`;
    });
  return [...new Set(reasons)];
}
