// The sources of workspaces and what they sent lately, as several areas read them.

import { useQuery } from "@tanstack/react-query";

import { api, data, JUST_READ, type Schemas } from "./api";
import { type ProviderKey, providerName, takesDeliveries } from "./providers";
import { useWorkspaceId } from "./url";

export type Source = Schemas["Source"];
/** A source as it is listed, with the upkeep of a linked one. */
export type ListedSource = Schemas["SourceWithUpkeep"];
/** A source to which a tool sends deliveries. */
export type DeliverySource = ListedSource & { provider: ProviderKey };

/** How many of the latest deliveries are looked at. */
export const LATEST = 200;
/** So many pages of the sources of a workspace are read at most. */
const PAGES = 10;
const PAGE = 200;

/** The query for the sources of a workspace. Whoever reads them shares one answer. */
export const sourcesQuery = (workspace: string) => ({
  queryKey: ["source", workspace],
  staleTime: JUST_READ,
  queryFn: () => sourcesOf(workspace),
});

export const useSources = () => useQuery(sourcesQuery(useWorkspaceId()));

async function sourcesOf(workspace: string): Promise<ListedSource[]> {
  const found: ListedSource[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const read = await data(api.GET("/api/sources", { params: { query: { workspace, limit: PAGE, cursor } } }));
    found.push(...read.data);
    cursor = read.next ?? undefined;
    if (!cursor) break;
  }
  return found;
}

/** True if a tool sends deliveries to a source. Of others only documents are read. */
export const isDeliverySource = <S extends Source>(source: S): source is S & { provider: ProviderKey } =>
  takesDeliveries(source.provider);

/** The place at the provider that a source is: the name of its resource, or its path if it was set up by hand. */
export const placeName = ({ path, resource }: Pick<Source, "path" | "resource">): string =>
  resource ? (resource.name ?? resource.provider_id) : `/${path}`;

/** "GitHub /main", "GitHub acme/shop". */
export const sourceTitle = (source: Pick<Source, "provider" | "path" | "resource">) =>
  `${providerName(source.provider)} ${placeName(source)}`;

/** The latest deliveries of the workspace, or of one source. */
export function useLatestDeliveries(source?: string) {
  const workspace = useWorkspaceId();
  return useQuery(deliveriesQuery({ workspace, source }));
}

/** The latest deliveries that a tool has sent to a source, without pages of history; read again every so many milliseconds. */
export function useLatestWebhooks(source: string, every: number) {
  const workspace = useWorkspaceId();
  return useQuery({ ...deliveriesQuery({ workspace, source, origin: "webhook" }), refetchInterval: every });
}

const deliveriesQuery = (of: { workspace: string; source?: string; origin?: string }) => ({
  queryKey: ["delivery", "latest", of],
  staleTime: JUST_READ,
  queryFn: async () => (await data(api.GET("/api/deliveries", { params: { query: { ...of, limit: LATEST } } }))).data,
});
