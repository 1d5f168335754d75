// The page without results: what can be asked, or how the workspace gets its first observation.

import { SearchX, Telescope } from "lucide-react";

import { FirstSample } from "../../components/sample-delivery";
import { Button, buttonLook } from "../../components/ui/button";
import { cx } from "../../components/ui/cx";
import { Go } from "../../components/ui/go";
import { EmptyState, Skeleton } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { paths } from "../../lib/paths";
import { useUrl, useWorkspaceId } from "../../lib/url";
import { NamedTime } from "./named-time";
import { curlOf, type SearchRequest } from "./request";
import { type Meta, useIsEmpty } from "./use-search";

const MONTH = 30 * 24 * 60 * 60 * 1_000;

/** Queries that find something in most workspaces. */
export const examples = (now = Date.now()): string[] => [
  "type:pull_request",
  `fix after:${new Date(now - MONTH).toISOString().slice(0, 10)}`,
  '"security fix"',
];

/** Example queries to press. */
export function Examples({ isCentred }: { isCentred?: boolean }) {
  const url = useUrl();
  return (
    <span className={cx("inline-flex flex-wrap items-center gap-1.5", isCentred && "justify-center")}>
      {examples().map((query) => (
        <Button key={query} size="sm" className="font-mono" onClick={() => url.set({ q: query, open: undefined })}>
          {query}
        </Button>
      ))}
    </span>
  );
}

type NoResultsProps = {
  request: SearchRequest;
  meta: Meta | undefined;
  clear: (() => void) | undefined;
};

export function NoResults({ request, meta, clear }: NoResultsProps) {
  const workspace = useWorkspaceId();
  const isEmpty = useIsEmpty(workspace);
  if (isEmpty === undefined) return <Skeleton lines={4} />;
  if (isEmpty) return <NothingYet />;
  const code = curlOf(location.origin, workspace, { ...request, explain: undefined });
  return (
    <EmptyState
      icon={<SearchX />}
      title={request.query ? `Nothing fits “${request.query}”` : "Nothing fits these filters"}
      actions={clear && <Button onClick={clear}>Search without the filters</Button>}
    >
      {meta?.time && <NamedTime time={meta.time} />}
      {meta?.unmet && meta.unmet.length > 0 && (
        <p>
          Nothing in this workspace has <span className="font-mono">{meta.unmet.join(", ")}</span>.
        </p>
      )}
      <p>Fewer words find more; identifiers are found as they are written. For example:</p>
      <p>
        <Examples isCentred />
      </p>
      <p className="pt-2">The same search from the shell, with a key of the organisation:</p>
      <Snippet label="This search" tabs={[{ name: "curl", code }]} />
    </EmptyState>
  );
}

function NothingYet() {
  return (
    <EmptyState
      icon={<Telescope />}
      title="Nothing has been observed yet"
      actions={
        <Go to={paths.integrations} className={buttonLook("primary")}>
          Connect a source
        </Go>
      }
    >
      <p>What happens in a connected source can be searched as soon as it has arrived.</p>
      <FirstSample />
    </EmptyState>
  );
}
