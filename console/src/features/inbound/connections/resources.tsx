// The teams, repositories and projects of a connected account, by name. Some are chosen and linked to a workspace.

import { Link } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";

import { Button } from "../../../components/ui/button";
import { Checkbox } from "../../../components/ui/field";
import { Empty, Failure, Panel, Skeleton } from "../../../components/ui/page";
import { SearchField } from "../../../components/ui/search-field";
import { api, data } from "../../../lib/api";
import { useList } from "../../../lib/list";
import { useCan } from "../../../lib/role";
import { useUrl } from "../../../lib/url";
import { canLink, idOf } from "./choice";
import { type Connection, type Resource, useConnectors } from "./connections";
import { type Choosing, LinkBar, useChoosing } from "./link-bar";
import { placeOf, useWorkspaces } from "./links";
import { StateBadge } from "./parts";
import { isInUse, marksOf } from "./words";

/** They are listed some seconds after an account was connected, and nothing tells of it. */
const LOOK = 5_000;
const PAGE = 50;

export function Resources({ of }: { of: Connection }) {
  const { id, provider, status } = of;
  const search = useUrl().get("search") ?? "";
  const can = useCan();
  const choosing = useChoosing();
  const connectors = useConnectors();
  const reason = connectors.data?.find((connector) => connector.provider === provider)?.empty_list;
  const isOpen = status !== "closed" && status !== "closing";
  const list = useList<Resource>({
    key: ["connection-resources", id, search],
    page: async (cursor) => {
      const query = { search: search || undefined, cursor, limit: PAGE };
      const read = await data(api.GET("/api/connections/{id}/resources", { params: { path: { id }, query } }));
      return { items: read.data, next: read.next };
    },
    idOf,
    every: isOpen ? LOOK : undefined,
  });
  const isSearchable = search !== "" || list.rows.length > 0;
  const offersLinks = can.configure && isInUse(of);
  return (
    <Panel
      title="Resources"
      note="what the account sees at the provider"
      actions={
        list.fresh > 0 && (
          <Button size="sm" onClick={list.showFresh}>
            {list.fresh} new
          </Button>
        )
      }
    >
      {isSearchable && (
        <div className="border-line border-b px-4 py-2">
          <SearchField name="search" label="Search the resources" placeholder="Search by name" />
        </div>
      )}
      {offersLinks && list.rows.length + choosing.choice.size > 0 && (
        <LinkBar connection={id} rows={list.rows} choosing={choosing} />
      )}
      {list.isPending && <Skeleton lines={4} />}
      {list.error && <Failure error={list.error} onRetry={list.retry} />}
      {!list.isPending && !list.error && list.rows.length === 0 && (
        <Empty>
          {emptyWords(search, isOpen)}
          {isOpen && !search && reason && ` ${reason}`}
        </Empty>
      )}
      <ul aria-label="Resources" className="divide-line divide-y">
        {list.rows.map((it) => (
          <Row key={idOf(it)} it={it} choosing={offersLinks ? choosing : undefined} />
        ))}
      </ul>
      {list.hasMore && (
        <p className="border-line border-t px-4 py-3">
          <Button busy={list.isLoadingMore} onClick={list.loadMore}>
            More resources
          </Button>
        </p>
      )}
    </Panel>
  );
}

function emptyWords(search: string, isOpen: boolean): string {
  if (search) return `No name contains “${search}”.`;
  return isOpen
    ? "None is listed yet. They are listed some seconds after the account was connected, and after each check."
    : "They were erased when the account was disconnected.";
}

function Row({ it, choosing }: { it: Resource; choosing?: Choosing }) {
  const url = it.url && /^https?:\/\//.test(it.url) ? it.url : undefined;
  return (
    <li className="flex min-h-10 items-start gap-2.5 px-4 py-2">
      {choosing && <Choose it={it} choosing={choosing} />}
      <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 gap-y-1">
        <span className="min-w-0 flex-1 basis-40 wrap-anywhere">
          {url ? (
            <a href={url} target="_blank" rel="noreferrer" className="hover:underline">
              <span className="font-medium">{it.name}</span>
              <ExternalLink aria-label="at the provider" className="text-quiet ml-1.5 inline size-3.5" />
            </a>
          ) : (
            <span className="font-medium">{it.name}</span>
          )}
        </span>
        {marksOf(it).map((mark) => (
          <StateBadge key={mark.title} of={mark} />
        ))}
        <LinkedTo it={it} />
        <span className="text-quiet text-xs max-sm:hidden">{it.kind}</span>
      </span>
    </li>
  );
}

function Choose({ it, choosing: { choice, workspace, isFull, choose } }: { it: Resource; choosing: Choosing }) {
  const isPossible = canLink(it, workspace);
  const isChosen = isPossible && choice.has(idOf(it));
  return (
    <Checkbox
      name={`Choose ${it.name}`}
      isRoomy
      checked={isChosen}
      disabled={!isPossible || (isFull && !isChosen)}
      onChange={(chosen) => choose(it, chosen)}
    />
  );
}

/** The workspaces to which a resource is linked. */
function LinkedTo({ it: { sources } }: { it: Resource }) {
  const workspaces = useWorkspaces();
  return sources.map((source) => (
    <Link key={source.id} to={placeOf(source)} className="rounded hover:underline">
      <StateBadge
        of={{
          title: `Linked to ${workspaces.find(({ id }) => id === source.workspace_id)?.name ?? "another workspace"}`,
          tone: "good",
        }}
      />
    </Link>
  ));
}
