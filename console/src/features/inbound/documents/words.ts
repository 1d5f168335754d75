// Documents of a source in words: the configuration file, syncs with their counts, and what is in no document.

import type { Tone } from "../../../components/ui/tones";
import { words } from "../../../lib/format";
import type { Configuration, DocumentSync } from "./source-documents";

type BadgeWords = { title: string; tone: Tone };

/** The badge of a configuration file, with its name. */
export function badgeOfConfiguration({ status, path }: Pick<Configuration, "status" | "path">): BadgeWords {
  switch (status) {
    case "configured":
      return { title: `Configured in ${path ?? "a file"}`, tone: "good" };
    case "invalid":
      return { title: `Fault in ${path ?? "the file"}`, tone: "bad" };
    default:
      return { title: "No configuration", tone: "quiet" };
  }
}

const STATES: Record<string, BadgeWords> = {
  queued: { title: "Queued", tone: "quiet" },
  running: { title: "Under way", tone: "info" },
  completed: { title: "Complete", tone: "good" },
  incomplete: { title: "Incomplete", tone: "warn" },
  failed: { title: "Failed", tone: "bad" },
  cancelled: { title: "Cancelled", tone: "quiet" },
};

export const badgeOfSync = ({ status }: Pick<DocumentSync, "status">): BadgeWords =>
  STATES[status] ?? { title: words(status), tone: "quiet" };

const CAUSES: Record<string, string> = {
  person: "asked for by somebody",
  link: "after it was linked",
  push: "after a push",
  configuration: "after a change of the configuration",
  edit: "after an edit",
  reconcile: "compared once a day",
};

/** The documents that a sync looked at, and its cause: "All documents, after it was linked". */
export function scopeInWords({ mode, cause }: Pick<DocumentSync, "mode" | "cause">): string {
  return `${mode === "full" ? "All documents" : "Changed documents"}, ${CAUSES[cause] ?? words(cause)}`;
}

const number = (value: number) => value.toLocaleString("en");

type Counts = Pick<DocumentSync, "listed" | "unchanged" | "stored" | "moved" | "deleted" | "failed" | "passages">;

/** The counts of a sync: "12 listed · 3 stored · 40 passages". */
export function countsInWords(of: Counts): string {
  const told: [number, string][] = [
    [of.listed, "listed"],
    [of.unchanged, "unchanged"],
    [of.stored, "stored"],
    [of.moved, "moved"],
    [of.deleted, "deleted"],
    [of.failed, "could not be read"],
    [of.passages, of.passages === 1 ? "new passage" : "new passages"],
  ];
  const parts = told.filter(([value]) => value > 0).map(([value, what]) => `${number(value)} ${what}`);
  return parts.length > 0 ? parts.join(" · ") : "Nothing was listed";
}

const SKIPS: Record<string, string> = {
  symlink: "links to other files",
  submodule: "other repositories inside",
  lfs_pointer: "kept by Git LFS elsewhere",
  binary: "without text",
  empty: "empty",
  generated: "written by a program",
  too_large: "too large",
  bad_name: "with a name that is too long or has control characters",
  gone: "gone before they were read",
  unsupported_block: "blocks without a form in Markdown",
  not_shared: "parts that are not shared",
  too_deep: "parts that are nested too deep",
  too_many_blocks: "parts beyond the most blocks",
  transcript: "transcripts",
  unreadable: "unreadable, as the log names",
};

/** The parts that are in no document, by reason, the most first. */
export function skippedInWords(skipped: Record<string, number>): string[] {
  const known = Object.entries(skipped).filter(([, value]) => value > 0);
  known.sort(([, one], [, other]) => other - one);
  return known.map(([reason, value]) => `${number(value)} ${SKIPS[reason] ?? words(reason)}`);
}
