// Turns the variables that exist (`recipient.name`, `data.items`) into completions for each level of a path.

export interface CodeVariable {
  /** The path as a template writes it: `recipient.email`. */
  name: string;
  /** Its type or meaning, shown beside it. */
  detail?: string;
}

/** The names that may follow the path: `variablesUnder(all, ["recipient"])` gives `name`, `email`. */
export function variablesUnder(variables: readonly CodeVariable[], path: readonly string[]): CodeVariable[] {
  const found = new Map<string, CodeVariable>();
  for (const { name, detail } of variables) {
    const parts = name.split(/\.|\[\d*\]\.?/).filter(Boolean);
    const next = parts[path.length];
    if (next === undefined || !path.every((part, index) => part === parts[index])) continue;
    const isWhole = parts.length === path.length + 1;
    if (!found.has(next) || (isWhole && detail))
      found.set(next, isWhole && detail ? { name: next, detail } : { name: next });
  }
  return [...found.values()];
}
