// Files that somebody chose, as documents: read as text, and put into requests that the server takes.

import type { Schemas } from "../../lib/api";

export type DocumentInput = Schemas["DocumentInput"];
export type ReadFile = { path: string; content?: string; problem?: string };

/** The server's bounds of one document, and of one request with room for what JSON adds. */
const MOST_BYTES = 2 * 1024 * 1024;
const REQUEST_BYTES = 4 * 1024 * 1024;
const REQUEST_DOCUMENTS = 100;

/** Reads a file below a folder, which may be empty. */
export async function readFile(file: File, folder: string): Promise<ReadFile> {
  const inner = folder.trim().replace(/^\/+|\/+$/g, "");
  const path = [inner, file.webkitRelativePath || file.name].filter(Boolean).join("/");
  if (file.size > MOST_BYTES) return { path, problem: "is larger than 2 MiB" };
  try {
    const content = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    return content.includes("\0") ? { path, problem: "is no text" } : { path, content };
  } catch {
    return { path, problem: "is no UTF-8 text" };
  }
}

/** The documents in requests of a hundred, and of a few mebibytes. */
export function requestsOf(documents: DocumentInput[]): DocumentInput[][] {
  const requests: DocumentInput[][] = [];
  let bytes = 0;
  for (const document of documents) {
    const size = JSON.stringify(document).length;
    const last = requests.at(-1);
    if (last && last.length < REQUEST_DOCUMENTS && bytes + size <= REQUEST_BYTES) {
      last.push(document);
      bytes += size;
    } else {
      requests.push([document]);
      bytes = size;
    }
  }
  return requests;
}
