// A button whose menu or list is loaded when it is first wanted, so that a page need not bring it along.

import {
  cloneElement,
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
  Suspense,
  startTransition,
  useState,
} from "react";

type Trigger = ReactElement<Record<string, unknown>>;

type OnDemandProps = {
  trigger: Trigger;
  opens: "menu" | "dialog";
  /** Loads what opens; asked for as soon as the button is pointed at or focused. */
  load: (() => Promise<unknown>) | undefined;
  /** The part that opens, open at once; it keeps the button as its own. */
  children: (trigger: Trigger) => ReactNode;
};

export function OnDemand({ trigger, opens, load, children }: OnDemandProps) {
  const [wanted, setWanted] = useState(false);
  const prepare = () => void load?.();
  const waiting = cloneElement(trigger, {
    "aria-haspopup": opens,
    "aria-expanded": false,
    // The button keeps its place and the focus until what opens is there; Escape takes the wish back.
    onClick: () => startTransition(() => setWanted(true)),
    onKeyDown: ({ key }: KeyboardEvent) => key === "Escape" && setWanted(false),
    onPointerEnter: prepare,
    onFocus: prepare,
  });
  return <Suspense fallback={waiting}>{wanted ? children(trigger) : waiting}</Suspense>;
}
