// A schedule of a workflow: its cron fields, its time zone, its last and its next time.

import { Code } from "../../components/ui/badge";
import { Time } from "../../components/ui/time";
import type { Schedule } from "./client";

export function ScheduleTimes({ schedule }: { schedule: Schedule }) {
  return (
    <span className="grid gap-1">
      <span>
        <Code>{schedule.cron}</Code> <span className="text-quiet">{schedule.timeZone}</span>
      </span>
      <span className="text-quiet text-xs">
        next {schedule.nextAt ? <Time at={schedule.nextAt} /> : "never"} · last{" "}
        {schedule.lastAt ? <Time at={schedule.lastAt} /> : "not yet"}
      </span>
    </span>
  );
}

/** The next time of a workflow's schedules; nothing if it has none. */
export function nextTime(schedules: Schedule[]): string | undefined {
  return schedules
    .map(({ nextAt }) => nextAt)
    .filter((at): at is string => Boolean(at))
    .sort()[0];
}
