// Finds content for the palette: workflows, applications, endpoints, recipients by name or id, and observations by their text.
// Lists are read once and kept for a moment; each word that is typed looks through them. Observations are searched by the server.

import { type QueryClient, useQueries, useQueryClient } from "@tanstack/react-query";

import { nameIn, propertiesOf } from "../features/notify/parts/recipient";
import { ApiError, api, data, type Schemas } from "../lib/api";
import { placeOf } from "../lib/ids";
import { asText } from "../lib/json";
import { everyPage } from "../lib/knock";
import { readTitle } from "../lib/observation";
import { paths } from "../lib/paths";
import { providerName } from "../lib/providers";
import { useCan } from "../lib/role";
import { workflowsQuery } from "../lib/workflow-names";
import { hasWords } from "./likeness";

/** A thing that can be found, with the words beside its title that it is found by. */
export type Found = { id: string; title: string; note: string; to: string; words: string };

/** So many of a kind are shown. */
const MOST = 5;
/** From so many letters on content is searched. */
const LEAST = 2;
/** So long a list that was read is looked through again, in milliseconds. */
const KEPT = 30_000;

type Search = { words: string; workspace: string; queries: QueryClient; signal: AbortSignal };
/** `isOpen` kinds are read by every member, the others by those who configure. */
type ContentKind = {
  title: string;
  isOpen?: true;
  /** The server has judged what fits: it need not have the letters that were typed. */
  isJudged?: true;
  find: (search: Search) => Promise<Found[]>;
};

/** The best of the candidates that have every word: those whose title begins with the words come first. */
export function bestOf(candidates: Found[], words: string): Found[] {
  const asked = words.toLowerCase().trim();
  const rank = ({ title, id }: Found) =>
    id.toLowerCase() === asked ? 0 : title.toLowerCase().startsWith(asked) ? 1 : 2;
  return candidates
    .filter(({ title, words }) => hasWords(`${title} ${words}`, asked))
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, MOST);
}

/** Nothing where the member's role or the server has no such thing, or where half a query is none yet. */
async function orNothing<T>(read: Promise<T[]>): Promise<T[]> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof ApiError && [400, 403, 404].includes(error.status)) return [];
    throw error;
  }
}

const listed = (
  kind: string,
  title: string,
  read: (workspace: string, queries: QueryClient) => Promise<Found[]>,
): ContentKind => ({
  title,
  find: async ({ words, workspace, queries }) =>
    bestOf(
      await queries.fetchQuery({
        queryKey: ["palette-list", kind, workspace],
        queryFn: () => orNothing(read(workspace, queries)),
        staleTime: KEPT,
      }),
      words,
    ),
});

const workflows = listed("workflows", "Workflows", async (_, queries) =>
  (await queries.fetchQuery(workflowsQuery)).map(({ key, name, description }) => ({
    id: key,
    title: name || key,
    note: key,
    words: `${key} ${description ?? ""}`,
    to: paths.workflow(key),
  })),
);

const applications = listed("applications", "Applications", async () =>
  (await data(api.GET("/api/v1/app", { params: { query: { limit: 250 } } }))).data.map(({ id, uid, name }) => ({
    id,
    title: name,
    note: uid ?? id,
    words: `${id} ${uid ?? ""}`,
    to: paths.application(id),
  })),
);

/** The endpoints of the workspace's own application. */
const endpoints = listed("endpoints", "Endpoints", async (workspace) =>
  (
    await data(api.GET("/api/v1/app/{app}/endpoint", { params: { path: { app: workspace }, query: { limit: 250 } } }))
  ).data.map(({ id, uid, url, description }) => ({
    id,
    title: description || url,
    note: description ? url : id,
    words: `${id} ${uid ?? ""} ${url}`,
    to: paths.endpoint(workspace, id),
  })),
);

type Hit = Schemas["SearchHit"];
const ofCluster = ({ id, title }: Hit) => ({ title, note: "Cluster", to: paths.cluster(id) });
const ofDocument = ({ title }: Hit, { id, path }: { id: string; path: string }) => ({
  title,
  note: path,
  to: paths.document(id),
});
const ofObservation = (hit: Hit) => ({
  title: readTitle(hit).text,
  note: providerName(hit.source),
  to: paths.observation(hit.id),
});

/** Results that are only the nearest are left to the page of searches. */
const observations: ContentKind = {
  title: "Observations and documents",
  isOpen: true,
  isJudged: true,
  find: async ({ words, workspace, signal }) => {
    const body = { query: words.trim(), prefix: true, limit: MOST, includeContext: false, includeHighlights: false };
    const asked = data(api.POST("/api/search", { params: { query: { workspace } }, body, signal }));
    const hits = await orNothing(asked.then(({ data, meta }) => (meta.confidence === "none" ? [] : data)));
    return hits.map((hit) => ({
      id: hit.id,
      words: hit.type,
      ...(hit.kind === "summary" ? ofCluster(hit) : hit.document ? ofDocument(hit, hit.document) : ofObservation(hit)),
    }));
  },
};

const tenants = listed("tenants", "Tenants", async () =>
  (await data(api.GET("/v1/tenants", { params: { query: { page_size: 50 } } }))).entries.map((it) => ({
    id: it.id,
    title: nameIn(it) ?? it.id,
    note: it.id,
    words: it.id,
    to: paths.tenant(it.id),
  })),
);

type User = Parameters<typeof propertiesOf>[0];

const userCandidate = (user: User): Found => ({
  id: user.id,
  title: nameIn(user) ?? user.id,
  note: asText(propertiesOf(user).email) ?? user.id,
  words: `${user.id} ${asText(propertiesOf(user).email) ?? ""}`,
  to: paths.user(user.id),
});

/** So many pages of users are looked through. */
const USER_PAGES = 4;

const firstUsers = listed("users", "Users", async () =>
  (await everyPage<User>((query) => data(api.GET("/v1/users", { params: { query } })), USER_PAGES)).map(userCandidate),
);

/** A text that may be a user's id, and is no word that somebody types. */
const isIdLike = (text: string) => /^\S*[\d_@.-]\S*$/.test(text) && !placeOf(text);

/** The first users by name; any user by its id. */
const users: ContentKind = {
  title: "Users",
  find: async (search) => {
    const found = await firstUsers.find(search);
    const id = search.words.trim();
    if (!isIdLike(id) || found.some((user) => user.id === id)) return found;
    const one = data(api.GET("/v1/users/{user}", { params: { path: { user: id } }, signal: search.signal }));
    const exact = await orNothing(one.then((user) => [userCandidate(user)]));
    return bestOf([...exact, ...found], id);
  },
};

const KINDS: ContentKind[] = [
  workflows,
  { ...applications, isOpen: true },
  { ...endpoints, isOpen: true },
  users,
  tenants,
  observations,
];

export type ContentSearch = {
  groups: { title: string; isJudged?: true; found: Found[] }[];
  isSearching: boolean;
  /** True if a part of the content could not be read. */
  isPartial: boolean;
};

/** `words` are what was typed, once typing pauses. */
export function useContentSearch(words: string, workspace: string): ContentSearch {
  const queries = useQueryClient();
  const { configure: mayConfigure } = useCan();
  const isAsked = words.trim().length >= LEAST;
  return useQueries({
    queries: KINDS.map(({ title, isOpen, find }) => ({
      queryKey: ["palette", title, workspace, words],
      queryFn: ({ signal }: { signal: AbortSignal }) => find({ words, workspace, queries, signal }),
      enabled: isAsked && (isOpen || mayConfigure),
      staleTime: KEPT,
      gcTime: KEPT,
      retry: false,
    })),
    combine: (results) => ({
      groups: results.flatMap(({ data }, index) => {
        const kind = KINDS[index];
        return isAsked && kind && data && data.length > 0
          ? [{ title: kind.title, isJudged: kind.isJudged, found: data }]
          : [];
      }),
      isSearching: results.some(({ isFetching }) => isFetching),
      isPartial: results.some(({ isError }) => isError),
    }),
  });
}
