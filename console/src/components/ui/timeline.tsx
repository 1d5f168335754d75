// Events, one entry below the other, each with its moment.

import type { ReactNode } from "react";

import { cx } from "./cx";
import { Time } from "./time";
import type { Tone } from "./tones";
import { TONE_COLOUR } from "./tones";

export interface TimelineEntry {
  key: string;
  /** RFC 3339. */
  at: string;
  title: ReactNode;
  tone?: Tone;
  detail?: ReactNode;
}

export interface TimelineProps {
  label: string;
  /** In the order in which they are shown. */
  entries: TimelineEntry[];
}

export function Timeline({ label, entries }: TimelineProps) {
  if (entries.length === 0) return <p className="text-quiet py-2">No entries</p>;
  return (
    <ol aria-label={label} className="grid">
      {entries.map(({ key, at, title, tone = "quiet", detail }, index) => (
        <li
          key={key}
          className={cx("relative grid grid-cols-[1rem_1fr] gap-x-3", index < entries.length - 1 && "pb-4")}
        >
          {index < entries.length - 1 && (
            <span aria-hidden className="bg-line absolute top-4 -bottom-1 left-[calc(0.5rem-1px)] w-0.5" />
          )}
          <span
            aria-hidden
            className="mt-1 size-3 justify-self-center rounded-full border-2"
            style={{
              borderColor: TONE_COLOUR[tone],
              background: tone === "quiet" ? "var(--raised)" : TONE_COLOUR[tone],
            }}
          />
          <div className="min-w-0">
            <div className="flex flex-wrap items-baseline justify-between gap-x-3">
              <span className="min-w-0 font-medium wrap-anywhere">{title}</span>
              <span className="text-quiet text-xs">
                <Time at={at} />
              </span>
            </div>
            {detail && <div className="text-quiet mt-0.5 wrap-anywhere">{detail}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}
