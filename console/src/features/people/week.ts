// The hours of a week: counted in UTC by the server, shown in the viewer's time zone.

export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
const HOURS = 168;

/**
 * The counts by hour of the week in a time zone that is so many minutes ahead of UTC. An hour that begins within one of the zone counts
 * there.
 */
export function inZone(hours: number[], minutesAhead: number): number[] {
  const ahead = Math.floor(minutesAhead / 60);
  return Array.from({ length: HOURS }, (_, hour) => hours[(((hour - ahead) % HOURS) + HOURS) % HOURS] ?? 0);
}

/** The counts as one row for each weekday. */
export const byWeekday = (hours: number[]): number[][] =>
  WEEKDAYS.map((_, weekday) => hours.slice(weekday * 24, weekday * 24 + 24));

export const hourName = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;

/** The busiest hour in words; nothing if no hour has more than one. */
export function busiest(hours: number[]): string | undefined {
  const most = Math.max(...hours);
  if (!(most > 1)) return undefined;
  const at = hours.indexOf(most);
  return `most on ${WEEKDAYS[Math.floor(at / 24)]}s from ${hourName(at % 24)}`;
}
