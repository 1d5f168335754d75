// The documentation of the product, with the address of this server in its examples, and a search over all of it.

import { useQuery } from "@tanstack/react-query";
import { useLocation, useParams } from "@tanstack/react-router";
import { useEffect } from "react";

import { Go } from "../../components/ui/go";
import { Empty, Failure, Page, Skeleton } from "../../components/ui/page";
import { paths } from "../../lib/paths";
import { useUrl } from "../../lib/url";
import { Article } from "./article";
import { FirstCalls } from "./first-calls";
import { FIRST_CALLS, PAGES, readPage, titleOf } from "./library";
import { Results, SearchField } from "./search-results";
import { sectionsOf } from "./sections";

export function DocsPage() {
  const { page = FIRST_CALLS } = useParams({ strict: false }) as { page?: string };
  const query = useUrl().get("q") ?? "";
  return (
    <Page
      title={query ? "Documentation" : titleOf(page)}
      crumbs={query ? undefined : [{ title: "Documentation", to: paths.docs }]}
    >
      <div className="grid items-start gap-x-8 gap-y-4 lg:grid-cols-[13rem_minmax(0,1fr)]">
        <div className="grid gap-3 lg:sticky lg:top-4">
          <SearchField />
          <Pages current={page} />
        </div>
        <div className="min-w-0">
          {query ? <Results query={query} /> : page === FIRST_CALLS ? <FirstCalls /> : <Text key={page} name={page} />}
        </div>
      </div>
    </Page>
  );
}

function Pages({ current }: { current: string }) {
  return (
    <nav aria-label="Pages of the documentation">
      <ul className="flex flex-wrap gap-x-1 lg:grid">
        {PAGES.map((name) => (
          <li key={name}>
            <Go
              to={paths.doc(name)}
              aria-current={name === current ? "page" : undefined}
              className={`hover:bg-sunken block rounded-md px-2 py-1.5 ${name === current ? "bg-sunken font-medium" : "text-quiet"}`}
            >
              {titleOf(name)}
            </Go>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Text({ name }: { name: string }) {
  const hash = useLocation({ select: ({ hash }) => hash });
  const text = useQuery({
    queryKey: ["doc", name],
    queryFn: async () => sectionsOf((await readPage(name)) ?? ""),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isRead = text.data !== undefined;
  useEffect(() => {
    if (!isRead || !hash) return;
    // The parts above it are drawn a moment later than it, and move it.
    const timers = [0, 300].map((wait) =>
      setTimeout(() => document.getElementById(hash)?.scrollIntoView({ block: "start" }), wait),
    );
    return () => timers.forEach(clearTimeout);
  }, [isRead, hash]);
  if (text.isPending) return <Skeleton lines={10} />;
  if (text.isError) return <Failure error={text.error} />;
  if (text.data.length === 0) return <Empty>The documentation has no page of this name.</Empty>;
  return <Article sections={text.data} />;
}
