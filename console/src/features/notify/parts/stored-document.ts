// Documents that the server stores by key and keeps versions of: workflows, layouts and so on.

import type { Schemas } from "../../../lib/api";

/** The fields that the server adds to a document when it answers with it. */
export type ServerFields = Schemas["KnockDocumentFields"];

/** The name of a kind of document in the list of commits. */
export type ResourceType = Schemas["KnockCommit"]["resource"]["type"];

/** The document as it is written: without the fields that the server adds. */
export function documentOf<T extends ServerFields>(stored: T): Omit<T, keyof ServerFields> {
  const { key, active, valid, sha, environment, created_at, inserted_at, updated_at, ...document } = stored;
  return document;
}

/** The file of a document, as it is exported and imported: with its key, without the fields of this server. */
export const fileOf = (stored: ServerFields): string =>
  JSON.stringify({ key: stored.key, ...documentOf(stored) }, null, 2);

/** A key of a name: "Comment created" is "comment-created". */
export const keyOf = (name: string) =>
  name
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
