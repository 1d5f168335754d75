// Rules that recur, as delays, batches and schedules have them: a frequency, days, an hour.

import { asList, asText } from "../../../lib/json";

export const DAYS: [key: string, title: string][] = [
  ["mon", "Monday"],
  ["tue", "Tuesday"],
  ["wed", "Wednesday"],
  ["thu", "Thursday"],
  ["fri", "Friday"],
  ["sat", "Saturday"],
  ["sun", "Sunday"],
];

const SETS: Record<string, string[]> = {
  weekdays: ["mon", "tue", "wed", "thu", "fri"],
  weekends: ["sat", "sun"],
};

/** The days of a rule: a list, one of them, or a word for several. */
export function asDays(days: unknown): string[] {
  const word = asText(days);
  if (word) return SETS[word] ?? [word];
  return asList(days).flatMap((day) => asText(day)?.slice(0, 3) ?? []);
}

/** A number of the clock with two digits. */
export const two = (number: unknown): string => String(typeof number === "number" ? number : 0).padStart(2, "0");

/** "09:30" as hours and minutes; nothing where it is no time. */
export function clockOf(text: string): { hours: number; minutes: number } | undefined {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  return hours === undefined || minutes === undefined ? undefined : { hours: Number(hours), minutes: Number(minutes) };
}
