// A person as read from the server, and how their accounts are called.

import { useQuery, useQueryClient } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../lib/api";
import { providerName } from "../../lib/providers";
import { useWorkspaceId } from "../../lib/url";

export type Person = Schemas["PersonView"];
export type PersonDetail = Schemas["PersonDetail"];
export type Identity = Schemas["Identity"];
export type Suggestion = Schemas["Suggestion"];

export function usePerson(id: string) {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["observation", "person", workspace, id],
    queryFn: () => data(api.GET("/api/people/{id}", { params: { path: { id }, query: { workspace } } })),
  });
}

export function useSuggestions(person?: string) {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["people-suggestions", workspace, person],
    queryFn: () => data(api.GET("/api/people/suggestions", { params: { query: { workspace, person } } })),
  });
}

/** Reads all again that shows people. */
export function usePeopleChanged() {
  const queries = useQueryClient();
  return () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ["observation", "person"] }),
      queries.invalidateQueries({ queryKey: ["people-suggestions"] }),
      queries.invalidateQueries({ queryKey: ["list", "person"] }),
    ]);
}

/** The tool of an account; a member of the organisation has theirs here. */
export const toolName = (provider: string): string => (provider === "campanile" ? "Campanile" : providerName(provider));

const JOINED: Record<string, string> = {
  email: "joined by the same mail address",
  login: "joined by the same GitHub login",
  hand: "joined by hand",
};
const FOUND: Record<string, string> = {
  webhook: "told by the tool",
  commit_sha: "author of a commit that was pushed from GitHub",
  username: "author with the same GitHub login",
  member: "member of the organisation",
};

/** The way in which an account was found, and became part of the person. */
export function foundInWords({ found, joined }: Pick<Identity, "found" | "joined">): string {
  return [FOUND[found] ?? found, JOINED[joined]].filter(Boolean).join(", ");
}

const REASONS: Record<string, string> = {
  email: "The same mail address",
  name: "The same full name",
  handle: "The same name or handle",
  handle_of_email: "A handle that begins a mail address",
};

export const reasonInWords = (reason: string): string => REASONS[reason] ?? reason;

/** An account with the same address that was not joined by anybody: it is shown, and can be said to be another's. */
export const isOnlyShown = ({ provider, joinedAt }: Identity): boolean => provider === "campanile" && !joinedAt;

/** One or two letters for a person. */
export function initials(name: string): string {
  const parts = name.split(/[\s._-]+/).filter(Boolean);
  const letters =
    parts.length > 1 ? [parts[0], parts.at(-1)].map((part) => [...(part ?? "")][0]) : [...name].slice(0, 2);
  return letters.join("").toUpperCase();
}
