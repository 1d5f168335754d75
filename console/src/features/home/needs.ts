// The things that need a person, the worst first, from the answers of the APIs.

import { paths } from "../../lib/paths";

export type Need = {
  key: string;
  tone: "bad" | "warn";
  title: string;
  detail: string;
  to: string;
  search?: Record<string, string>;
};

export type EndpointHealth = {
  id: string;
  name: string;
  url: string;
  disabled: boolean;
  success: number;
  fail: number;
};
/** A count of a list of which only a page was read. */
export type Count = { count: number; more: boolean };

export type Facts = {
  workspace: string;
  failedDeliveries?: Count;
  deadLetters?: Count;
  failedRuns?: Count;
  endpoints?: EndpointHealth[];
  channels?: FailingChannel[];
  /** Sources that were set up by hand, and that nothing has come to at all. */
  silent?: { id: string; title: string }[];
};

export type FailingChannel = { channel: string; failed: number; of: number; error?: string };

/** From this share of failures on, an endpoint counts as failing. */
const FAILING = 0.5;

export const said = ({ count, more }: Count) => `${count}${more ? "+" : ""}`;
const some = (count?: Count): count is Count => (count?.count ?? 0) > 0;
const plural = (count: Count, one: string, many: string) =>
  `${said(count)} ${count.count === 1 && !count.more ? one : many}`;

export function needsOf(facts: Facts): Need[] {
  const needs: Need[] = [];
  for (const { id, name, disabled, fail, success } of facts.endpoints ?? []) {
    const to = paths.endpoint(facts.workspace, id);
    if (disabled)
      needs.push({
        key: id,
        tone: "bad",
        title: `${name} is disabled`,
        detail: "It gets no messages until it is enabled again.",
        to,
      });
    else if (isFailing({ fail, success }))
      needs.push({
        key: id,
        tone: "bad",
        title: `${name} fails`,
        detail: `${fail} of ${fail + success} attempts failed in 24 hours.`,
        to,
      });
  }
  if (some(facts.failedDeliveries))
    needs.push({
      key: "deliveries",
      tone: "bad",
      title: `${plural(facts.failedDeliveries, "delivery", "deliveries")} could not be processed`,
      detail: "See why, and process them again.",
      to: paths.deliveries,
      search: { status: "failed" },
    });
  if (some(facts.deadLetters))
    needs.push({
      key: "jobs",
      tone: "bad",
      title: `${plural(facts.deadLetters, "job was", "jobs were")} given up`,
      detail: "They can be retried from the dead letters.",
      to: paths.deadLetters,
    });
  if (some(facts.failedRuns))
    needs.push({
      key: "runs",
      tone: "bad",
      title: `${plural(facts.failedRuns, "run", "runs")} failed`,
      detail: "See the step that failed, and retry or replay it.",
      to: paths.runs,
      search: { status: "failed" },
    });
  for (const { channel, failed, of, error } of facts.channels ?? [])
    needs.push({
      key: `channel ${channel}`,
      tone: "warn",
      title: `${failed} of the latest ${of} notifications by ${channel} failed`,
      detail: error ?? "See what the provider answered.",
      to: paths.messages,
    });
  for (const { id, title } of facts.silent ?? [])
    needs.push({
      key: id,
      tone: "warn",
      title: `Nothing has come from ${title} yet`,
      detail: "Finish its set-up, or send a sample.",
      to: paths.source(id),
    });
  return needs;
}

export const isFailing = ({ fail, success }: Pick<EndpointHealth, "fail" | "success">) =>
  fail > 0 && fail / (fail + success) >= FAILING;

type Sent = { channel: string; status: string; error?: string | null };
const FAILED = ["undelivered", "bounced", "not_sent", "failed"];

/** Channels by which notifications failed, the worst first. */
export function failingChannels(notifications: Sent[], nameOf: (channel: string) => string): FailingChannel[] {
  const channels = new Map<string, FailingChannel>();
  for (const { channel, status, error } of notifications) {
    const known = channels.get(channel) ?? { channel: nameOf(channel), failed: 0, of: 0 };
    known.of += 1;
    if (FAILED.includes(status)) {
      known.failed += 1;
      known.error ??= error ?? undefined;
    }
    channels.set(channel, known);
  }
  return [...channels.values()].filter(({ failed }) => failed > 0).sort((a, b) => b.failed - a.failed);
}
