// The search over all pages, and what it found.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { cx } from "../../components/ui/cx";
import { inputLook } from "../../components/ui/field";

import { Empty, Failure, Skeleton } from "../../components/ui/page";
import { useHotkeys } from "../../lib/hotkeys";
import { paths } from "../../lib/paths";
import { useUrl, useWorkspaceId } from "../../lib/url";
import { FIRST_CALLS, PAGES, readPage, titleOf } from "./library";
import { marked, type Part, search, wordsOf } from "./search";
import { sectionsOf } from "./sections";

export function SearchField() {
  const url = useUrl();
  const asked = url.get("q") ?? "";
  const [text, setText] = useState(asked);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(asked), [asked]);
  useHotkeys([{ keys: "/", title: "Search the documentation", run: () => input.current?.focus() }]);
  return (
    <div role="search" className="relative">
      <Search aria-hidden className="text-quiet pointer-events-none absolute top-2 left-2.5 size-4" />
      <input
        ref={input}
        type="search"
        aria-label="Search the documentation"
        placeholder="Search"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          url.set({ q: event.target.value }, { replace: asked !== "" });
        }}
        className={cx(inputLook, "pl-8")}
      />
    </div>
  );
}

function usePages() {
  return useQuery({
    queryKey: ["doc", "all"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () =>
      Promise.all(
        PAGES.filter((name) => name !== FIRST_CALLS).map(async (name) => ({
          name,
          sections: sectionsOf((await readPage(name)) ?? ""),
        })),
      ),
  });
}

export function Results({ query }: { query: string }) {
  const workspace = useWorkspaceId();
  const pages = usePages();
  if (pages.isPending) return <Skeleton lines={8} />;
  if (pages.isError) return <Failure error={pages.error} onRetry={() => void pages.refetch()} />;
  const words = wordsOf(query);
  const hits = search(pages.data, query);
  return (
    <section aria-label="Results">
      <p role="status" className="text-quiet mb-2 text-xs">
        {words.length === 0
          ? "Write two letters or more."
          : `${hits.length} ${hits.length === 1 ? "section" : "sections"} with “${query.trim()}”`}
      </p>
      {words.length > 0 && hits.length === 0 && <Empty>Nothing in the documentation has all of these words.</Empty>}
      <ol className="grid gap-1">
        {hits.map(({ page, section, excerpt }) => (
          <li key={`${page} ${section.slug}`}>
            <Link
              to={`/w/${workspace}${paths.doc(page)}`}
              hash={section.level > 1 ? section.slug : undefined}
              className="focus-inside hover:bg-sunken block rounded-md px-3 py-2"
            >
              <span className="block font-medium">
                <span className="text-quiet font-normal">{titleOf(page)} › </span>
                <Marked parts={marked(section.title, words)} />
              </span>
              <span className="text-quiet mt-0.5 block text-xs break-words">
                <Marked parts={excerpt} />
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Marked({ parts }: { parts: Part[] }) {
  return keyed(parts).map(({ key, text, isHit }) =>
    isHit ? (
      <mark key={key} className="bg-bronze-tint text-bronze rounded-xs font-semibold">
        {text}
      </mark>
    ) : (
      <span key={key}>{text}</span>
    ),
  );
}

/** The parts of a text have a place and nothing else that tells them apart. */
const keyed = (parts: Part[]) => parts.map((part, at) => ({ ...part, key: `${at} ${part.text}` }));
