// The filters of a search: those of observations, and those of documents.

import { OBSERVATION_FILTERS } from "../../components/observation/filters";
import type { Filter } from "../../components/ui/filter-bar";

export const SEARCH_FILTERS: Filter[] = [
  {
    key: "kind",
    title: "Kind",
    kind: "choice",
    options: [
      { value: "observation", title: "Observations" },
      { value: "chunk", title: "Documents" },
      { value: "summary", title: "Summaries of clusters" },
    ],
  },
  { key: "document", title: "Documents at", kind: "text", placeholder: "docs/operations" },
  ...OBSERVATION_FILTERS,
];
