// The search over all that a workspace remembers: one field, filters, and the results with the one that is open beside them.

import { useRef } from "react";

import { ClusterPanel } from "../../components/cluster/cluster-panel";
import { DocumentPanel } from "../../components/document/document-panel";
import { ObservationPanel } from "../../components/observation/observation-panel";
import { Button, buttonLook } from "../../components/ui/button";
import { cx } from "../../components/ui/cx";
import { WithPanel } from "../../components/ui/detail-panel";
import { FilterBar, useFilters } from "../../components/ui/filter-bar";
import { Go } from "../../components/ui/go";
import { Failure, Page, Skeleton } from "../../components/ui/page";
import { usePageActions } from "../../lib/actions";
import { isPassing, useWorkspace } from "../../lib/api";
import { paths } from "../../lib/paths";
import { useUrl, useWorkspaceId } from "../../lib/url";
import { useWide } from "../../lib/window";
import { FacetRow } from "./facet-row";
import { SEARCH_FILTERS } from "./filters";
import { NamedTime } from "./named-time";
import { requestOf, type SearchRequest } from "./request";
import { ResultList } from "./result-list";
import { useLeaving } from "./result-walk";
import { Examples, NoResults } from "./states";
import { type Meta, type Search, useSearch } from "./use-search";

/** After this time without a letter, in milliseconds, the search begins. */
const PAUSE = 150;

export function SearchPage() {
  const url = useUrl();
  const wide = useWide();
  const workspace = useWorkspaceId();
  const threshold = useWorkspace()?.notify_threshold;
  const { isFiltered } = useFilters(SEARCH_FILTERS);
  const request = requestOf(url.all);
  const search = useSearch(workspace, request);
  const leave = useLeaving(search);
  const scroller = useRef<HTMLElement>(null);
  const explains = request.explain ?? false;
  const explain = () => url.set({ explain: explains ? undefined : "1" }, { replace: true });
  const withoutFilters = Object.fromEntries(SEARCH_FILTERS.map(({ key }) => [key, undefined]));
  const clear = isFiltered ? () => url.set({ ...withoutFilters, open: undefined }) : undefined;
  usePageActions([
    { title: explains ? "Hide why results rank as they do" : "Explain the order of the results", run: explain },
  ]);
  const isEmpty = search.hits.length === 0 && search.meta && !search.error;
  return (
    <Page title="Search" fills>
      <FilterBar
        name="search"
        filters={SEARCH_FILTERS}
        search={{
          key: "q",
          label: "Search what happened",
          placeholder: wide
            ? "Words, an identifier, a “phrase”, source:github, after:2026-10-01"
            : "Search what happened",
          isLarge: true,
          pause: PAUSE,
          focusFirst: wide,
          onLeave: leave,
        }}
      >
        <Go
          to={paths.ask}
          search={{ q: request.query || undefined }}
          className={cx(buttonLook("ghost", "sm"), "ml-auto")}
        >
          Ask
        </Go>
        <Button
          kind="ghost"
          size="sm"
          aria-pressed={explains}
          title="Why each result stands where it does"
          className={cx(explains && "bg-bronze-tint! text-bronze!")}
          onClick={explain}
        >
          Explain
        </Button>
      </FilterBar>
      <WithPanel panel={(id) => <ResultPanel key={id} id={id} />}>
        <section
          ref={scroller}
          aria-label="Found"
          className="border-line bg-raised relative min-h-0 min-w-0 flex-1 overflow-y-auto border-t"
        >
          <Fault search={search} clear={clear} />
          {!search.meta && !search.error && <Skeleton lines={8} />}
          {search.meta && search.hits.length > 0 && (
            <>
              <Summary meta={search.meta} request={search.answered} hasError={!!search.error} />
              <FacetRow facets={search.facets} />
            </>
          )}
          {isEmpty && <NoResults request={search.answered} meta={search.meta} clear={clear} />}
          {search.hits.length > 0 && (
            <ResultList
              search={search}
              threshold={threshold}
              showsScores={search.answered.query !== ""}
              scroller={scroller}
            />
          )}
        </section>
      </WithPanel>
    </Page>
  );
}

/** The observation, the cluster, or the document at its passage: `doc_…#17`. */
function ResultPanel({ id }: { id: string }) {
  const [document, passage] = id.split("#");
  if (id.startsWith("cl_")) return <ClusterPanel id={id} />;
  return document && passage ? <DocumentPanel id={document} passage={Number(passage)} /> : <ObservationPanel id={id} />;
}

function Fault({ search: { error, retry }, clear }: { search: Search; clear: (() => void) | undefined }) {
  if (!error) return null;
  return (
    <>
      <Failure error={error} onRetry={retry} />
      {!isPassing(error) && (
        <p className="text-quiet flex flex-wrap items-center gap-x-3 gap-y-1 px-4 pb-4">
          <span>
            Change the query, or read{" "}
            <Go to={paths.doc("search")} className="text-bronze underline underline-offset-2">
              what can be asked
            </Go>
            .
          </span>
          {clear && (
            <Button kind="link" size="sm" onClick={clear}>
              Search without the filters
            </Button>
          )}
        </p>
      )}
    </>
  );
}

/** The number of results and their fit; examples while nothing is asked. */
function Summary({ meta, request, hasError }: { meta: Meta; request: SearchRequest; hasError: boolean }) {
  if (hasError) return <p className="text-quiet px-4 pb-2 text-xs sm:px-6">The last answer:</p>;
  if (!request.query && !request.filters)
    return (
      <div className="border-line flex flex-wrap items-center gap-x-3 gap-y-2 border-b px-4 py-2.5 sm:px-6">
        <p role="status" className="text-quiet text-xs">
          The newest. Try:
        </p>
        <Examples />
      </div>
    );
  const { total, totalIsExact, took, confidence } = meta;
  const count = `${totalIsExact ? "" : "about "}${total.toLocaleString("en")} ${total === 1 ? "passage" : "passages"}`;
  const fits = total === 1 ? "fits" : "fit";
  return (
    <div className="border-line flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-4 py-2.5 sm:px-6">
      {confidence === "none" && <p className="font-medium">Nothing fits well; the nearest:</p>}
      {confidence === "low" && (
        <p className="font-medium">An important part of the query is missing in all of these.</p>
      )}
      <p
        role="status"
        title="A long text is searched in several passages; an observation is listed once, a document twice at most"
        className="text-quiet text-xs tabular-nums first-letter:uppercase"
      >
        {count} {confidence === "none" ? "with a part of it" : fits} · {milliseconds(took)}
      </p>
      {meta.time && <NamedTime time={meta.time} />}
    </div>
  );
}

const milliseconds = (took: number) => `${took < 10 ? took.toFixed(1) : Math.round(took)} ms`;
