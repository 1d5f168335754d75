// The filters of observations, as the list, the search and the API know them.

import { words } from "../../lib/format";
import { PROVIDERS } from "../../lib/providers";
import type { Filter } from "../ui/filter-bar";

const CATEGORIES = [
  "bug_fix",
  "decision",
  "deployment",
  "discussion",
  "documentation",
  "feature",
  "incident",
  "infrastructure",
  "other",
  "performance",
  "refactor",
  "release",
  "security",
  "testing",
];

export const OBSERVATION_FILTERS: Filter[] = [
  {
    key: "source",
    title: "Source",
    kind: "choice",
    options: PROVIDERS.map(({ key, name }) => ({ value: key, title: name })),
  },
  { key: "type", title: "Type", kind: "text", placeholder: "pull_request.merged" },
  {
    key: "category",
    title: "Category",
    kind: "choice",
    options: CATEGORIES.map((value) => ({ value, title: words(value) })),
  },
  { key: "topic", title: "Topic", kind: "text", placeholder: "security" },
  { key: "actor", title: "Actor", kind: "text", placeholder: "ada" },
  { key: "min_significance", title: "Significance from", kind: "number", placeholder: "70" },
  { key: "after", title: "After", kind: "time" },
  { key: "before", title: "Before", kind: "time" },
];
