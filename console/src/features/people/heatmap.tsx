// The hours of a week in which a person is active: a row for each weekday, in the viewer's time zone.

import { busiest, byWeekday, hourName, inZone, WEEKDAYS } from "./week";

const SHOWN_HOURS = [0, 6, 12, 18];

export function Heatmap({ hours }: { hours: number[] }) {
  const local = inZone(hours, -new Date().getTimezoneOffset());
  const most = Math.max(1, ...local);
  const total = local.reduce((sum, count) => sum + count, 0);
  const when = busiest(local);
  const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" })
    .formatToParts(new Date())
    .find(({ type }) => type === "timeZoneName")?.value;
  return (
    <div className="p-4">
      <div
        role="img"
        aria-label={[`${total} observations by weekday and hour`, when].filter(Boolean).join(", ")}
        className="grid grid-cols-[2.25rem_repeat(24,minmax(0,1fr))] gap-0.5"
      >
        {byWeekday(local).map((row, weekday) => (
          <div key={WEEKDAYS[weekday]} className="contents">
            <span className="text-quiet self-center text-2xs">{WEEKDAYS[weekday]?.slice(0, 3)}</span>
            {row.map((count, hour) => (
              <span
                // biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
                key={hour}
                title={`${WEEKDAYS[weekday]} ${hourName(hour)}: ${count} ${count === 1 ? "observation" : "observations"}`}
                className="bg-sunken h-4 rounded-xs"
                style={
                  count > 0
                    ? { background: `color-mix(in oklab, var(--bronze) ${25 + (75 * count) / most}%, var(--raised))` }
                    : undefined
                }
              />
            ))}
          </div>
        ))}
        <span />
        {Array.from({ length: 24 }, (_, hour) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
          <span key={hour} className="text-quiet overflow-visible text-2xs whitespace-nowrap tabular-nums">
            {SHOWN_HOURS.includes(hour) ? hour : ""}
          </span>
        ))}
      </div>
      <p className="text-quiet mt-2 text-xs">
        {total === 0 ? "Nothing is counted yet." : when && `Active ${when}.`} In your time zone{zone && `, ${zone}`}.
      </p>
    </div>
  );
}
