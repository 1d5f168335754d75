// The rows of a JSON value as a tree: what is open, what a search finds, and how a path is written.

export type JsonPath = readonly (string | number)[];

export interface JsonRow {
  /** The path as a key for sets and React. */
  id: string;
  path: JsonPath;
  depth: number;
  /** The key or index; null at the root. */
  name: string | number | null;
  value: unknown;
  /** How many children it has: null for a leaf. */
  size: number | null;
  isOpen: boolean;
  /** Its place among its siblings, from 1, and how many there are. */
  place: number;
  siblings: number;
}

/** The row that shows the next entries of a long array or object. */
export interface MoreRow {
  id: string;
  /** The id of the value that has more entries. */
  of: string;
  /** The id of the first entry that is not yet shown. */
  next: string;
  depth: number;
  shown: number;
  total: number;
}

export type TreeRow = JsonRow | MoreRow;

/** Entries of one array or object that are shown at first, and with each "Show more". */
export const PORTION = 200;
/** "Unfold all" opens no more rows than this, so that the page stays quick. */
export const UNFOLD_LIMIT = 1000;

export const isMore = (row: TreeRow): row is MoreRow => "of" in row;

export function idOf(path: JsonPath): string {
  return JSON.stringify(path);
}

export function isBranch(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function entries(value: object): [string | number, unknown][] {
  return Array.isArray(value) ? value.map((item, index) => [index, item]) : Object.entries(value);
}

/** The rows that are to be seen, from top to bottom. `portions` says how many entries of a value are shown. */
export function visibleRows(
  root: unknown,
  open: ReadonlySet<string>,
  portions: ReadonlyMap<string, number>,
): TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (value: unknown, path: JsonPath, place: number, siblings: number) => {
    const id = idOf(path);
    const children = isBranch(value) ? entries(value) : null;
    const isOpen = children !== null && open.has(id);
    const size = children?.length ?? null;
    rows.push({ id, path, depth: path.length, name: path.at(-1) ?? null, value, size, isOpen, place, siblings });
    if (!children || !isOpen) return;
    const shown = Math.min(portions.get(id) ?? PORTION, children.length);
    children.slice(0, shown).forEach(([name, child], index) => {
      add(child, [...path, name], index + 1, children.length);
    });
    const hidden = children[shown];
    if (hidden) {
      rows.push({
        id: `${id} more`,
        of: id,
        next: idOf([...path, hidden[0]]),
        depth: path.length + 1,
        shown,
        total: children.length,
      });
    }
  };
  add(root, [], 1, 1);
  return rows;
}

/** The ids to open so that everything is seen: breadth first, until the limit of rows. */
export function unfoldAll(root: unknown, limit = UNFOLD_LIMIT): { open: Set<string>; isComplete: boolean } {
  const open = new Set<string>();
  const queue: { value: object; path: JsonPath }[] = isBranch(root) ? [{ value: root, path: [] }] : [];
  let rows = 1;
  for (let next = queue.shift(); next; next = queue.shift()) {
    const children = entries(next.value).slice(0, PORTION);
    if (rows + children.length > limit && open.size > 0) return { open, isComplete: false };
    rows += children.length;
    open.add(idOf(next.path));
    for (const [name, child] of children) {
      if (isBranch(child)) queue.push({ value: child, path: [...next.path, name] });
    }
  }
  return { open, isComplete: true };
}

/** The ids that are open at first: the root, and what lies in it as far as it stays short. */
export function openAtFirst(root: unknown, rows = 40): Set<string> {
  return unfoldAll(root, rows).open;
}

/** Paths whose key or plain value contains the words, in the order of the text; at most `limit`. */
export function search(root: unknown, words: string, limit = 1000): JsonPath[] {
  const wanted = words.trim().toLowerCase();
  const hits: JsonPath[] = [];
  if (wanted === "") return hits;
  const visit = (value: unknown, path: JsonPath) => {
    if (hits.length >= limit) return;
    const name = path.at(-1);
    const isNamed = typeof name === "string" && name.toLowerCase().includes(wanted);
    const isValue = !isBranch(value) && String(value).toLowerCase().includes(wanted);
    if (isNamed || isValue) hits.push(path);
    if (isBranch(value)) for (const [key, child] of entries(value)) visit(child, [...path, key]);
  };
  visit(root, []);
  return hits;
}

/** The branches that must be open and shown so that the path is seen. */
export function reveal(root: unknown, path: JsonPath): { open: string[]; portions: [string, number][] } {
  const open: string[] = [];
  const portions: [string, number][] = [];
  let value = root;
  path.forEach((name, depth) => {
    const id = idOf(path.slice(0, depth));
    open.push(id);
    const index = Array.isArray(value) ? Number(name) : Object.keys(value as object).indexOf(String(name));
    if (index >= PORTION) portions.push([id, Math.ceil((index + 1) / PORTION) * PORTION]);
    value = (value as Record<string | number, unknown>)[name];
  });
  return { open, portions };
}

/** `data.items[3].id`, with quotes where a key is no plain name: `headers["x-id"]`. */
export function pathText(path: JsonPath): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      if (!/^[A-Za-z_$][\w$]*$/.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join("");
}

/** The text that "Copy value" copies: a string as it is, anything else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? String(value));
}
