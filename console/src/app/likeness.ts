// How well an entry of the palette fits what is typed, of 1: by its title first, then by the other words for it.

/** True if a text contains every word that is typed. */
export function hasWords(text: string, typed: string): boolean {
  const all = text.toLowerCase();
  return typed
    .toLowerCase()
    .trim()
    .split(/\s+/)
    .every((part) => all.includes(part));
}

/** `words` are the title and, if there are any, other words. Every word that is typed must begin one of them. */
export function likeness(value: string, typed: string, words: string[] = []): number {
  const [title = value, others = ""] = words.map((text) => text.toLowerCase());
  const asked = typed.toLowerCase().trim();
  if (value.startsWith("open ")) return 1;
  // Content stands below areas and actions. What was found by fewer letters may fit no longer.
  if (value.startsWith("found ")) return hasWords(`${title} ${others}`, asked) ? 0.2 : 0;
  // The server has judged these; below them stands the way to the page of searches.
  if (value.startsWith("judged ")) return 0.15;
  if (value.startsWith("search ")) return 0.05;
  if (value.startsWith("ask ")) return 0.04;
  if (title.startsWith(asked)) return 1;
  const parts = asked.split(/\s+/);
  const begins = (text: string) => parts.every((part) => text.split(/[\s/-]+/).some((word) => word.startsWith(part)));
  if (begins(title)) return 0.8;
  if (title.includes(asked)) return 0.6;
  return begins(`${title} ${others}`) ? 0.4 : 0;
}
