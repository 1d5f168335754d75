// The user documentation as it is built into the pages, each page loaded when it is read or searched.

const FILES = import.meta.glob<string>("../../../../docs/*.md", { query: "?raw", import: "default" });

/** The order in which they are read; what is not named here comes last. */
const ORDER = [
  "console",
  "connectors",
  "search",
  "documents",
  "people",
  "clusters",
  "answers",
  "models",
  "mcp",
  "zapier",
  "notifications",
  "api",
  "operations",
  "operating",
  "security",
  "benchmarks",
];

export const FIRST_CALLS = "first-calls";

const TITLES: Record<string, string> = {
  [FIRST_CALLS]: "First calls",
  api: "The API",
  benchmarks: "Benchmarks",
  clusters: "Clusters",
  connectors: "Connectors",
  console: "The console",
  documents: "Documents",
  mcp: "Assistants (MCP)",
  notifications: "Notifications",
  operating: "Operating",
  operations: "Operations of the wire APIs",
  search: "Search",
  people: "People and entities",
  answers: "Answers",
  security: "Security",
};

const nameOf = (path: string) => path.replace(/^.*\/(.+)\.md$/, "$1");
const at = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

export const PAGES: string[] = [
  FIRST_CALLS,
  ...Object.keys(FILES)
    .map(nameOf)
    .sort((a, b) => at(a) - at(b) || a.localeCompare(b)),
];

export const titleOf = (name: string): string =>
  TITLES[name] ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("-", " ");

/** A page's Markdown, with the address of this server in its examples. */
export async function readPage(name: string): Promise<string | undefined> {
  const load = Object.entries(FILES).find(([path]) => nameOf(path) === name)?.[1];
  const text = await load?.();
  return text && withAddress(text, location.origin);
}

const EXAMPLE = /https?:\/\/(?:127\.0\.0\.1|localhost):4400\b/g;

export const withAddress = (text: string, origin: string): string => text.replace(EXAMPLE, origin);
