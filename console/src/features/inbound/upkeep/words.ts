// The upkeep of a linked source in words.

import type { Schemas } from "../../../lib/api";
import { exactly } from "../../../lib/format";

export type Upkeep = Schemas["SourceUpkeep"];
export type MissingPermission = Schemas["MissingPermission"];

/** The events that nothing had told: "3 events that no webhook told, found on 3 Nov 2026, 04:10". */
export function missedInWords({ missed, missed_at }: Pick<Upkeep, "missed" | "missed_at">): string {
  if (!missed_at) return "nothing was ever missed";
  const events = missed === 1 ? "1 event" : `${missed.toLocaleString("en")} events`;
  return `${events} that no webhook told, found on ${exactly(missed_at)}`;
}

/** The kinds of things that a permission is needed for: "issues and issue comments". */
export function kindsInWords(kinds: string[]): string {
  const names = kinds.map((kind) => `${kind.replaceAll("_", " ")}s`);
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : (names[0] ?? "");
}
