// Observations by the day on which they happened, in the reader's zone.

type Happened = { occurred_at: string };
export type Day<T> = { day: string; title: string; items: T[] };

const format = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });
const withYear = new Intl.DateTimeFormat("en", { dateStyle: "full" });
const dayOf = (date: Date) => `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;

/** Days in the order of their first item. */
export function byDay<T extends Happened>(items: T[], now = new Date()): Day<T>[] {
  const days = new Map<string, Day<T>>();
  for (const item of items) {
    const date = new Date(item.occurred_at);
    const day = dayOf(date);
    const known = days.get(day) ?? { day, title: titleOf(date, now), items: [] };
    known.items.push(item);
    days.set(day, known);
  }
  return [...days.values()];
}

function titleOf(date: Date, now: Date): string {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayOf(date) === dayOf(now)) return "Today";
  if (dayOf(date) === dayOf(yesterday)) return "Yesterday";
  return (date.getFullYear() === now.getFullYear() ? format : withYear).format(date);
}
