// A few words beside what is pointed at or focused, and the keys that do the same.

import { Tooltip } from "radix-ui";
import type { FocusEvent, ReactNode } from "react";

export function Tips({ children }: { children: ReactNode }) {
  return (
    <Tooltip.Provider delayDuration={500} skipDelayDuration={200}>
      {children}
    </Tooltip.Provider>
  );
}

/** A window or a panel that opens gives the focus to a button: that is no wish to know what it does. */
function unlessByKey(event: FocusEvent<HTMLElement>) {
  if (!event.currentTarget.matches(":focus-visible")) event.preventDefault();
}

export function Tip({ text, keys, children }: { text: string; keys?: string; children: ReactNode }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild onFocus={unlessByKey}>
        {children}
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          sideOffset={6}
          collisionPadding={8}
          className="bg-ink text-ground appears z-50 flex max-w-72 items-center gap-2 rounded-md px-2 py-1 text-xs"
        >
          {text}
          {keys && <Keys keys={keys} />}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

/** Keys as they are written on a keyboard: "g o" is two after each other, "Ctrl+K" two at once. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className="inline-flex gap-1">
      {keys.split(" ").map((key) => (
        <kbd key={key} className="min-w-4.5 rounded border border-current/40 px-1 text-center font-sans text-2xs">
          {key}
        </kbd>
      ))}
    </span>
  );
}
