// Durations in words, as short as a label on a drawing needs.

const UNITS = [
  { name: "d", ms: 86_400_000, next: { name: "h", ms: 3_600_000 } },
  { name: "h", ms: 3_600_000, next: { name: "m", ms: 60_000 } },
  { name: "m", ms: 60_000, next: { name: "s", ms: 1000 } },
] as const;

/** `340 ms`, `1.2 s`, `12 s`, `3 m 20 s`, `2 h`, `3 d 4 h`: at most two units. */
export function duration(ms: number): string {
  const whole = Math.round(ms);
  if (whole < 1000) return `${whole} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0).replace(/\.0$/, "")} s`;
  for (const { name, ms: size, next } of UNITS) {
    if (ms < size - next.ms / 2) continue;
    const small = Math.round(ms / next.ms);
    const per = size / next.ms;
    const rest = small % per;
    const large = (small - rest) / per;
    if (large >= 10) return `${Math.round(ms / size)} ${name}`;
    return rest > 0 ? `${large} ${name} ${rest} ${next.name}` : `${large} ${name}`;
  }
  return `${Math.round(ms / 1000)} s`;
}
