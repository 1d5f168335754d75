// History in words: the kinds of things, how far a stretch is, what a backfill would bring, and why one does not begin.

import type { Tone } from "../../../../components/ui/tones";
import { ApiError } from "../../../../lib/api";
import { words } from "../../../../lib/format";
import type { Backfill, Estimate, Stretch } from "./history";

const KINDS: Record<string, string> = {
  review_comment: "Comments on lines",
  issue_comment: "Comments on issues",
};

/** A kind of thing, as many of them: "Pull requests". */
export function kindInWords(kind: string): string {
  const many = `${words(kind)}s`;
  return KINDS[kind] ?? many.charAt(0).toUpperCase() + many.slice(1);
}

export const depthInWords = (days: number): string => (days === 1 ? "The last day" : `The last ${days} days`);

const STATES: Record<string, { title: string; tone: Tone }> = {
  active: { title: "Under way", tone: "info" },
  completed: { title: "Complete", tone: "good" },
  incomplete: { title: "Incomplete", tone: "warn" },
  cancelled: { title: "Cancelled", tone: "quiet" },
};

/** The stretches that failed or lack something come first, then the one that is read and those with events. */
export function mostTellingFirst(stretches: Stretch[]): Stretch[] {
  const rankOf = (it: Stretch) => {
    if (it.status === "failed" || it.unreadable > 0 || it.pages_lost > 0) return 0;
    if (it.status === "running") return 1;
    return it.produced > 0 ? 2 : 3;
  };
  return [...stretches].sort((one, other) => rankOf(one) - rankOf(other));
}

/** The badge of a backfill; a status of a later version is called as the API calls it. */
export const badgeOfBackfill = ({ status }: Pick<Backfill, "status">) =>
  STATES[status] ?? { title: words(status), tone: "quiet" as const };

const STRETCH_TONES: Record<string, Tone> = { completed: "good", failed: "bad", running: "info", fetched: "info" };

export const toneOfStretch = ({ status }: Pick<Stretch, "status">): Tone => STRETCH_TONES[status] ?? "quiet";

const number = (value: number) => value.toLocaleString("en");
const count = (value: number, one: string) => `${number(value)} ${one}${value === 1 ? "" : "s"}`;

/** The progress of a backfill: "3 of 5 parts · 300 events · 120 new". */
export function progressInWords({ progress }: Pick<Backfill, "progress">): string {
  const { stretches, ended, produced, remembered } = progress;
  return [`${ended} of ${count(stretches, "part")}`, count(produced, "event"), `${number(remembered)} new`].join(" · ");
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });

/** A moment of today as "12:41", and of another day with its date. */
export function momentInWords(time: string, now = new Date()): string {
  const at = new Date(time);
  const isToday = at.toDateString() === now.toDateString();
  return isToday ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`;
}

/** The progress of a stretch: "300 events · 4 pages · waits for GitHub until 12:41". */
export function stretchInWords(it: Stretch, tool: string, now = new Date()): string {
  const isBegun = it.pages > 0;
  if (it.status === "completed" && it.produced === 0 && it.unreadable === 0) return "nothing was there";
  const parts = [
    isBegun && count(it.produced, "event"),
    isBegun && count(it.pages, "page"),
    stateInWords(it, tool, now),
    it.pages_lost > 0 && `${count(it.pages_lost, "page")} given up`,
    it.unreadable > 0 && `${number(it.unreadable)} could not be read`,
  ];
  return parts.filter(Boolean).join(" · ");
}

function stateInWords(it: Stretch, tool: string, now: Date): string {
  switch (it.status) {
    case "waiting":
      return "its turn has not come";
    case "running":
      return it.waits_until && new Date(it.waits_until) > now
        ? `waits for ${tool} until ${momentInWords(it.waits_until, now)}`
        : "is read";
    case "fetched":
      return `${number(it.pages_processed)} of them remembered`;
    case "completed":
      return `${number(it.remembered)} new`;
    default:
      return words(it.status);
  }
}

export type Size = { things: number; parts: number; unknown: number };

/** The size of those stretches of an estimate that are of some kinds. */
export function sizeOf({ stretches }: Pick<Estimate, "stretches">, kinds: ReadonlySet<string>): Size {
  const chosen = stretches.filter(({ kind }) => kinds.has(kind));
  const things = chosen.reduce((sum, { total }) => sum + (total ?? 0), 0);
  return { things, parts: chosen.length, unknown: chosen.filter(({ total }) => total == null).length };
}

/** "About 420 things in 6 parts; of 2 the number is not told." */
export function sizeInWords({ things, parts, unknown }: Size, tool: string): string {
  if (unknown === parts) return `${count(parts, "part")}. ${tool} does not tell how much there is.`;
  const rest = unknown > 0 ? `, and ${number(unknown)} more whose number ${tool} does not tell` : "";
  return `About ${count(things, "thing")} in ${count(parts - unknown, "part")}${rest}.`;
}

/** The reason why no backfill begins. */
export function beginFault(error: unknown): string {
  const sentence = (error as Error).message;
  switch (error instanceof ApiError ? error.status : 0) {
    case 403:
      return "Only owners and managers bring history along.";
    case 429:
      return "An hour has to pass between two. Try again later.";
    default:
      return sentence;
  }
}
