// What the results can be narrowed by: the most frequent sources, types and categories, each with its passages.

import { Button } from "../../components/ui/button";
import { providerName } from "../../lib/providers";
import { useUrl } from "../../lib/url";
import type { Facets } from "./use-search";

const KINDS: Record<string, string> = { chunk: "Documents", observation: "Observations", summary: "Clusters" };

/** The kinds that are offered, with the most values of each, and the name of a value. */
const OFFERED: { kind: string; most: number; name: (value: string) => string }[] = [
  { kind: "kind", most: 3, name: (value) => KINDS[value] ?? value },
  { kind: "source", most: 5, name: providerName },
  { kind: "type", most: 4, name: (value) => value.replaceAll("_", " ") },
  { kind: "category", most: 3, name: (value) => value.replaceAll("_", " ") },
];

export function FacetRow({ facets }: { facets: Facets | undefined }) {
  const url = useUrl();
  const types = new Set((facets?.type ?? []).map(({ value }) => value));
  const offered = OFFERED.flatMap(({ kind, most, name }) => {
    // The first words of types stand for all that happens to such a thing.
    const named = (facets?.[kind] ?? []).filter(({ value }) => kind !== "type" || !value.includes("."));
    // A category that is called as a type says the same once more.
    const values = kind === "category" ? named.filter(({ value }) => !types.has(value)) : named;
    const isChosen = url.get(kind) !== undefined;
    // One value narrows nothing.
    return isChosen || values.length < 2 ? [] : values.slice(0, most).map((facet) => ({ kind, name, ...facet }));
  });
  if (offered.length === 0) return null;
  return (
    <ul aria-label="Narrow" className="border-line flex flex-wrap gap-1.5 border-b px-4 py-2 sm:px-6">
      {offered.map(({ kind, value, passages, name }) => (
        <li key={`${kind}:${value}`}>
          <Button size="sm" onClick={() => url.set({ [kind]: value, open: undefined })}>
            {name(value)} <span className="text-quiet tabular-nums">{passages.toLocaleString("en")}</span>
          </Button>
        </li>
      ))}
    </ul>
  );
}
