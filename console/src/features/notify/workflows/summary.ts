// The summary of a step, in a line for its box in the diagram.

import { asList, asObject, asText } from "../../../lib/json";
import type { Step } from "../../../lib/knock";
import { inWords } from "../parts/conditions";
import { asDays, two } from "./rules";

/** A stretch of time in words: "5 minutes". */
export function durationWords(value: unknown): string {
  const { unit, value: number } = asObject(value);
  if (typeof number !== "number" || typeof unit !== "string") return "";
  return `${number} ${number === 1 ? unit.replace(/s$/, "") : unit}`;
}

/** A time, or a rule that recurs: "daily at 09:00". */
export function untilWords(value: unknown): string {
  if (typeof value === "string") return value;
  const rule = asObject(value);
  const frequency = asText(rule.frequency);
  if (!frequency) return "";
  const at = frequency === "hourly" ? "" : ` at ${two(rule.hours)}:${two(rule.minutes)}`;
  const days = asDays(rule.days);
  const on = days.length > 0 ? ` on ${days.join(", ")}` : "";
  const ofMonth = typeof rule.day_of_month === "number" ? ` on day ${rule.day_of_month}` : "";
  const every = typeof rule.interval === "number" && rule.interval > 1 ? `, every ${rule.interval}` : "";
  return `${frequency}${on}${ofMonth}${at}${every}`;
}

const joined = (parts: (string | false | undefined)[], by = ", ") => parts.filter(Boolean).join(by);

export function summaryOf(step: Step): string {
  const settings = asObject(step.settings);
  const text = (name: string) => asText(settings[name]);
  switch (step.type) {
    case "channel":
      return contentOf(step);
    case "delay":
      return joined(
        [
          durationWords(settings.delay_for),
          settings.delay_until !== undefined &&
            settings.delay_until !== null &&
            `until ${untilWords(settings.delay_until)}`,
          text("delay_until_field_path") && `until ${text("delay_until_field_path")}`,
        ],
        " after ",
      );
    case "batch":
      return joined([
        durationWords(settings.batch_window),
        Boolean(settings.batch_until) && `until ${untilWords(settings.batch_until)}`,
        text("batch_until_field_path") && `until ${text("batch_until_field_path")}`,
        text("batch_key") && `by ${text("batch_key")}`,
      ]);
    case "throttle":
      return joined([
        `${settings.throttle_limit ?? 1} within ${durationWords(settings.throttle_window) || text("throttle_window_field_path") || "…"}`,
        text("throttle_key") && `by ${text("throttle_key")}`,
      ]);
    case "http_fetch":
      return `${(text("method") ?? "get").toUpperCase()} ${text("url") ?? ""}`;
    case "branch":
      return `${asList(step.branches).length} ways, the first that fits`;
    case "random_cohort":
      return `${asList(step.cohort_branches).length} ways, by lot`;
    case "trigger_workflow":
      return text("workflow_key") ?? "";
    case "wait_for_event": {
      const { event_type, event_key } = asObject(settings.event);
      return joined([
        joined([asText(event_type), asText(event_key)], "."),
        durationWords(settings.expires_after) && `at most ${durationWords(settings.expires_after)}`,
      ]);
    }
    case "update_data":
      return firstLine(text("data"));
    default:
      return firstLine(text("update_properties"));
  }
}

const firstLine = (text = "") =>
  text
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line && line !== "{") ?? "";

/** The first words of a message. */
function contentOf({ template }: Step): string {
  const first = ["subject", "title", "summary", "markdown_body", "text_body", "url"]
    .map((name) => asText(asObject(template)[name]))
    .find((text) => text?.trim());
  const line = firstLine(first);
  return line.length > 90 ? `${line.slice(0, 90)}…` : line;
}

export const conditionNote = (conditions: unknown): string => {
  const words = inWords(conditions);
  return words.length > 120 ? `${words.slice(0, 120)}…` : words;
};
