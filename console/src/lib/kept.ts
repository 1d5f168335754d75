// The choices that this browser remembers: how wide, which columns, which views. Browsers may forbid it; then they last as long as the page.

import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
const within = new Map<string, string>();

function read(name: string): string | undefined {
  try {
    return localStorage.getItem(`campanile.${name}`) ?? undefined;
  } catch {
    return within.get(name);
  }
}

export function keep(name: string, value: unknown): void {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(`campanile.${name}`, text);
  } catch {
    within.set(name, text);
  }
  for (const tell of listeners) tell();
}

function parsed<T>(text: string | undefined, otherwise: T): T {
  try {
    return text === undefined ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

const follow = (tell: () => void) => {
  listeners.add(tell);
  addEventListener("storage", tell);
  return () => {
    listeners.delete(tell);
    removeEventListener("storage", tell);
  };
};

/** A value that this browser keeps under a name, and what keeps another. */
export function useKept<T>(name: string, otherwise: T): [T, (value: T) => void] {
  const text = useSyncExternalStore(follow, () => read(name));
  return [parsed(text, otherwise), (value) => keep(name, value)];
}
