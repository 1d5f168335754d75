// The hours of the week in which a step may send: a row for each day.

import { Button } from "../../../components/ui/button";
import { Field, SelectField } from "../../../components/ui/field";
import type { Step } from "../../../lib/knock";
import { useStep } from "./editor-context";

type Window = NonNullable<Step["send_windows"]>[number];

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const OFFICE: Window[] = DAYS.map((day, index) =>
  index < 5 ? { day, type: "send", from: "09:00:00", until: "17:00:00" } : { day, type: "do_not_send" },
);

/** "09:00" of "09:00:00". */
const short = (time: string | null | undefined) => time?.slice(0, 5) ?? "";
const long = (time: string) => (time ? `${time}:00` : undefined);

export function SendWindows({ step }: { step: Step }) {
  const { set } = useStep(step);
  const windows = step.send_windows ?? [];
  if (windows.length === 0) {
    return (
      <div className="grid gap-2">
        <p className="text-quiet">Messages are sent at any time.</p>
        <Button size="sm" className="w-fit" onClick={() => set("send_windows", OFFICE)}>
          Send in office hours only
        </Button>
      </div>
    );
  }
  const of = (day: string) => windows.find((window) => window.day === day);
  const change = (day: string, changes: Partial<Window> | undefined) => {
    const others = windows.filter((window) => window.day !== day);
    const next = changes && { day, type: "send" as const, ...of(day), ...changes };
    const all = [...others, ...(next ? [next] : [])].sort((a, b) => DAYS.indexOf(a.day) - DAYS.indexOf(b.day));
    set("send_windows", all.length > 0 ? all : undefined);
  };
  return (
    <div className="grid gap-3">
      <p className="text-quiet">
        In the recipient's time zone. A message that comes outside waits for the next window.
      </p>
      {DAYS.map((day) => {
        const window = of(day);
        const kind = window?.type ?? "any";
        return (
          <div key={day} className="grid grid-cols-2 items-end gap-2 sm:grid-cols-[6rem_minmax(0,1fr)_7rem_7rem]">
            <span className="self-center font-medium capitalize max-sm:col-span-2">{day}</span>
            <div className="max-sm:col-span-2">
              <SelectField
                hidesLabel
                label={`${day}: sends`}
                value={kind}
                options={[
                  { value: "any", title: "No rule" },
                  { value: "send", title: "Sends between" },
                  {
                    value: "do_not_send",
                    title: window?.from || window?.until ? "Does not send between" : "Does not send",
                  },
                ]}
                onChange={(event) =>
                  change(day, event.target.value === "any" ? undefined : { type: event.target.value as Window["type"] })
                }
              />
            </div>
            {window ? (
              <>
                <Field
                  hidesLabel
                  label={`${day}: from`}
                  type="time"
                  value={short(window.from)}
                  onChange={(event) => change(day, { from: long(event.target.value) })}
                />
                <Field
                  hidesLabel
                  label={`${day}: until`}
                  type="time"
                  value={short(window.until)}
                  onChange={(event) => change(day, { until: long(event.target.value) })}
                />
              </>
            ) : (
              <span className="col-span-2 max-sm:hidden" />
            )}
          </div>
        );
      })}
      <Button kind="ghost" size="sm" className="w-fit" onClick={() => set("send_windows", undefined)}>
        Remove all windows
      </Button>
    </div>
  );
}
