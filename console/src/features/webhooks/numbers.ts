// Figures of attempts: shares, percentiles, and counts by day.

/** "3.2 %" of so many; small shares have a decimal, and a share that is not all never reads as all. */
export function shareOf(part: number, all: number): string {
  if (all === 0) return "–";
  const percent = (part / all) * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 10) return `${Math.max(percent, 0.1).toFixed(1)} %`;
  return `${Math.min(Math.round(percent), 99)} %`;
}

/** The value that a part of the values does not exceed: 0.95 is the 95th percentile. */
export function percentile(values: number[], part: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil(sorted.length * part) - 1, 0)];
}

const DAY = 86_400_000;

/** The beginnings of the last days in UTC, oldest first, in milliseconds. Today is the last. */
export function lastDays(count: number, now: number): number[] {
  const today = Math.floor(now / DAY) * DAY;
  return Array.from({ length: count }, (_, back) => today - (count - 1 - back) * DAY);
}
