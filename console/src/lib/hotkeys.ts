// Keys that do something wherever one is, but for where one writes. "g o" is g and then o, within a second.

import { useEffect, useRef } from "react";

export type Hotkey = {
  /** "g o", "/", "?", "j", "Ctrl+K"; Ctrl is also Cmd. */
  keys: string;
  /** The name of the action, for the list of all keys. */
  title: string;
  run: (event: KeyboardEvent) => void;
};

const PAUSE = 1_000;
const layers: Hotkey[][] = [];
let begun: { key: string; at: number } | undefined;

function isWriting(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return Boolean(
    element?.closest(
      "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true], [role=menu], [role=listbox]",
    ),
  );
}

/** A key as hotkeys are written: "Ctrl+K", "?", "g". */
export function nameOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">): string {
  if (event.ctrlKey || event.metaKey) return `Ctrl+${event.key.toUpperCase()}`;
  return event.altKey ? `Alt+${event.key}` : event.key;
}

/** The hotkey that a key is for, the innermost first. */
export function found(name: string, before: string | undefined): Hotkey | undefined {
  const wanted = before ? `${before} ${name}` : name;
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    const hotkey = layers[layer]?.find(({ keys }) => keys === wanted);
    if (hotkey) return hotkey;
  }
  return undefined;
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const name = nameOf(event);
  const withControl = name.startsWith("Ctrl+");
  // A window over the page takes all keys.
  if (
    !withControl &&
    (isWriting(event.target) ||
      document.querySelector("[role=dialog][data-state=open]:not([data-beside]), [role=alertdialog]"))
  )
    return;
  const now = Date.now();
  const before = begun && now - begun.at < PAUSE ? begun.key : undefined;
  begun = undefined;
  const hotkey = found(name, before) ?? found(name, undefined);
  if (hotkey) {
    event.preventDefault();
    hotkey.run(event);
  } else if (layers.some((layer) => layer.some(({ keys }) => keys.startsWith(`${name} `)))) {
    begun = { key: name, at: now };
  }
});

/** Keys that do something as long as a component stands there. */
export function useHotkeys(hotkeys: Hotkey[]) {
  const latest = useRef(hotkeys);
  latest.current = hotkeys;
  const written = hotkeys.map(({ keys, title }) => `${keys}\t${title}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: what they do may change with each drawing; which they are, seldom
  useEffect(() => {
    const layer = latest.current.map((hotkey, at) => ({
      ...hotkey,
      run: (event: KeyboardEvent) => latest.current[at]?.run(event),
    }));
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  }, [written]);
}

/** All that can be pressed now. */
export const allHotkeys = (): Hotkey[] => layers.flat();
