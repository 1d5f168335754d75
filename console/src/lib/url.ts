// The state of a page stands in its address: filters, tabs, the open panel. So back and forward work, and a link shows the same.

import { useNavigate, useParams, useSearch } from "@tanstack/react-router";

export type Url = {
  get: (name: string) => string | undefined;
  /** Sets some and leaves the others; `undefined` and "" take one out. Each change is a step to go back to, unless it replaces. */
  set: (changes: Record<string, string | undefined>, options?: { replace?: boolean }) => void;
  all: Record<string, string>;
};

export function useUrl(): Url {
  const all = useSearch({ strict: false }) as Record<string, string>;
  const navigate = useNavigate();
  return {
    all,
    get: (name) => all[name],
    set: (changes, { replace = false } = {}) =>
      void navigate({
        to: ".",
        search: ((old: Record<string, string>) => merged(old, changes)) as never,
        replace,
        resetScroll: false,
      }),
  };
}

/** The workspace that the address names. */
export function useWorkspaceId(): string {
  return (useParams({ strict: false }) as { workspace?: string }).workspace ?? "";
}

export function merged(
  old: Record<string, string>,
  changes: Record<string, string | undefined>,
): Record<string, string> {
  const pairs = Object.entries({ ...old, ...changes }).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return Object.fromEntries(pairs);
}

/** Every value is text, as it stands in the address. */
export const readSearch = (text: string) => Object.fromEntries(new URLSearchParams(text));

export function writeSearch(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}
