// Reads and writes documents of every kind. The operations of the kinds differ in their paths only, so they are called by one shape.

import { queryOptions } from "@tanstack/react-query";

import { type Answer, ApiError, api, data } from "../../../lib/api";
import { asObject } from "../../../lib/json";
import { everyPage } from "../../../lib/knock";
import { faultsOf } from "../parts/faults";
import { type Content, type DocumentKind, placeOfKey, type StoredDocument } from "./kinds";

type Call = (path: string, init: object) => Promise<Answer<unknown>>;
const client = api as unknown as Record<"GET" | "PUT" | "DELETE", Call>;

export const listKey = (kind: DocumentKind) => ["documents", kind.name];
const oneKey = (kind: DocumentKind, key: string) => ["document", kind.name, key];

/** The field that wraps a document in requests and answers. */
const wordOf = (kind: DocumentKind) => kind.type;

function addressOf(kind: DocumentKind, key: string, query: object = {}) {
  if (kind.type !== "translation") return { path: `${kind.path}/{key}`, params: { path: { key }, query } };
  const { locale, ...place } = placeOfKey(key);
  return { path: `${kind.path}/{locale}`, params: { path: { locale }, query: { ...place, ...query } } };
}

type KeyPage = { entries: StoredDocument[]; page_info: { after?: string | null } };

export const listQuery = (kind: DocumentKind) =>
  queryOptions({
    queryKey: listKey(kind),
    queryFn: () => everyPage(async (query) => (await data(client.GET(kind.path, { params: { query } }))) as KeyPage),
  });

/** The document within an answer, which is wrapped but where one is read by its key. */
const inAnswer = (kind: DocumentKind, answer: unknown) => (asObject(answer)[wordOf(kind)] ?? answer) as StoredDocument;

export const documentQuery = (kind: DocumentKind, key: string) =>
  queryOptions({
    queryKey: oneKey(kind, key),
    queryFn: async () => {
      const { path, params } = addressOf(kind, key);
      return inAnswer(kind, await data(client.GET(path, { params })));
    },
  });

/** True if there is a document with this key. */
export async function exists(kind: DocumentKind, key: string): Promise<boolean> {
  const { path, params } = addressOf(kind, key);
  const answer = await client.GET(path, { params });
  if (answer.response.status !== 404) await data(Promise.resolve(answer));
  return answer.response.ok;
}

type Write = { kind: DocumentKind; key: string; content: Content; message?: string | undefined };

/** Saves a draft; with a message it is committed. A refusal names each fault with its field. */
export async function write({ kind, key, content, message }: Write): Promise<StoredDocument> {
  const query = message === undefined ? {} : { commit: true, ...(message && { commit_message: message }) };
  const { path, params } = addressOf(kind, key, query);
  const answer = await client.PUT(path, { params, body: { [wordOf(kind)]: content } });
  const faults = answer.response.ok ? [] : faultsOf(answer.error);
  if (faults.length > 0)
    throw new ApiError(answer.response.status, faults.map(({ field, message }) => `${field}: ${message}`).join("; "));
  return inAnswer(kind, await data(Promise.resolve(answer)));
}

/** The faults of a document by field, as the server sees them. */
export const checkQuery = (kind: DocumentKind, key: string, content: Content) =>
  queryOptions({
    queryKey: ["document-check", kind.name, key, content],
    queryFn: async (): Promise<Record<string, string>> => {
      const { path, params } = addressOf(kind, key);
      const answer = await client.PUT(`${path}/validate`, { params, body: { [wordOf(kind)]: content } });
      if (answer.response.status !== 422) {
        await data(Promise.resolve(answer));
        return {};
      }
      return Object.fromEntries(faultsOf(answer.error).map(({ field, message }) => [field, message]));
    },
    placeholderData: (before) => before,
    gcTime: 0,
    retry: false,
  });

export async function remove(kind: DocumentKind, key: string): Promise<void> {
  const { path, params } = addressOf(kind, key);
  await data(client.DELETE(path, { params }));
}

/** Switches a guide on or off. */
export async function activate(key: string, status: boolean): Promise<StoredDocument> {
  const answer = data(api.PUT("/v1/guides/{key}/activate", { params: { path: { key } }, body: { status } }));
  return (await answer).guide as StoredDocument;
}
