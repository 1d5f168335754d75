// Times and words as people read them.

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const absolute = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "long" });

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
];

/** "5 min. ago". */
export function ago(time: string, now = Date.now()): string {
  let value = (new Date(time).getTime() - now) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(value) < size) return relative.format(Math.round(value), unit);
    value /= size;
  }
  return relative.format(Math.round(value), "year");
}

/** "Nov 28, 2026, 1:15:00 PM GMT+1": the time zone is that of the browser. */
export function exactly(time: string): string {
  return absolute.format(new Date(time));
}

/** `same_commit` as "same commit". */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}

/** A part of one as "80 %". */
export const percent = (part: number) => `${Math.round(part * 100)} %`;
