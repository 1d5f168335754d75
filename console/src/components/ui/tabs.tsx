// Tabs whose choice stands in the address.

import { Tabs as RadixTabs } from "radix-ui";
import { type ReactNode, useEffect, useRef } from "react";

import { useUrl } from "../../lib/url";
import { cx } from "./cx";

export type Tab = { key: string; title: string; count?: number; content: ReactNode };

const LOOK =
  "focus-inside text-quiet hover:text-ink data-[state=active]:text-ink data-[state=active]:border-bronze -mb-px cursor-pointer border-b-2 border-transparent px-1 py-2 font-medium whitespace-nowrap";

type TabsProps = {
  label: string;
  tabs: Tab[];
  /** Its key in the address; the first tab needs none. */
  name?: string;
  /** Their contents fill what is left of a page that fills the window. */
  fills?: boolean;
  className?: string;
};

export function Tabs({ label, tabs, name = "tab", fills, className }: TabsProps) {
  const url = useUrl();
  const first = tabs[0]?.key ?? "";
  const asked = url.get(name);
  const value = tabs.some(({ key }) => key === asked) ? (asked as string) : first;
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen tab is brought into sight when another one is chosen
  useEffect(() => {
    const chosen = list.current?.querySelector<HTMLElement>("[data-state=active]");
    if (!list.current || !chosen) return;
    const { scrollLeft, clientWidth } = list.current;
    const [start, end] = [
      chosen.offsetLeft - list.current.offsetLeft,
      chosen.offsetLeft - list.current.offsetLeft + chosen.offsetWidth,
    ];
    if (start < scrollLeft || end > scrollLeft + clientWidth)
      list.current.scrollLeft = start - (clientWidth - chosen.offsetWidth) / 2;
  }, [value]);
  return (
    <RadixTabs.Root
      value={value}
      onValueChange={(key) => url.set({ [name]: key === first ? undefined : key })}
      className={cx("min-w-0", fills && "flex min-h-0 flex-1 flex-col", className)}
    >
      <RadixTabs.List
        ref={list}
        aria-label={label}
        className={cx("border-line flex gap-4 overflow-x-auto border-b", fills ? "mb-3 shrink-0 px-4 sm:px-6" : "mb-4")}
      >
        {tabs.map(({ key, title, count }) => (
          <RadixTabs.Trigger key={key} value={key} className={LOOK}>
            {title}
            {count !== undefined && <span className="text-quiet ml-1.5 text-xs tabular-nums">{count}</span>}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {tabs.map(({ key, content }) => (
        <RadixTabs.Content
          key={key}
          value={key}
          className={fills ? "min-h-0 min-w-0 flex-1 flex-col data-[state=active]:flex" : "min-w-0"}
        >
          {content}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  );
}

type SegmentsProps = {
  label: string;
  value: string;
  options: [value: string, title: string][];
  onChange: (value: string) => void;
};

/** A few ways to look at the same, of which one is chosen. */
export function Segments({ label, value, options, onChange }: SegmentsProps) {
  return (
    <div role="group" aria-label={label} className="bg-sunken inline-flex rounded-md p-0.5">
      {options.map(([key, title]) => (
        <button
          key={key}
          type="button"
          aria-pressed={value === key}
          onClick={() => onChange(key)}
          className="text-quiet hover:text-ink aria-pressed:bg-raised aria-pressed:text-ink h-7 cursor-pointer rounded px-2.5 text-xs font-medium aria-pressed:shadow-sm"
        >
          {title}
        </button>
      ))}
    </div>
  );
}
