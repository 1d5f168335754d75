// Light or dark, close together or with room: as the person chose, or as their system is set. `index.html` does the same before the
// first paint.

import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function kept(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function choose(name: string, value: string) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It lasts as long as the page.
  }
}

let theme = (kept("theme") as Theme | null) ?? "system";
let density = (kept("density") as Density | null) ?? "comfortable";

function wear() {
  root.classList.toggle("dark", theme === "dark" || (theme === "system" && system.matches));
  root.dataset.density = density;
  for (const tell of listeners) tell();
}
system.addEventListener("change", wear);
root.dataset.density = density;

export function setTheme(value: Theme) {
  theme = value;
  choose("theme", value);
  wear();
}

export function setDensity(value: Density) {
  density = value;
  choose("density", value);
  wear();
}

const follow = (tell: () => void) => {
  listeners.add(tell);
  return () => void listeners.delete(tell);
};
export const useTheme = () => useSyncExternalStore(follow, () => theme);
export const useDensity = () => useSyncExternalStore(follow, () => density);
