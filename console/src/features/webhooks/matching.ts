// Searching within rows that have been read, where the API cannot search.

export function matching<T>(
  rows: T[],
  search: string | undefined,
  texts: (row: T) => (string | null | undefined)[],
): T[] {
  const words = search?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = texts(row).join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
