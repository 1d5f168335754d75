// Connected accounts of tools, and the tools that can be connected: what pages read of them, and what they do with them.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { notDone } from "../../../components/ui/toast";
import { type Answer, api, data, JUST_READ, type Schemas } from "../../../lib/api";
import { paths } from "../../../lib/paths";
import { useWorkspaceId } from "../../../lib/url";

export type Connector = Schemas["Connector"];
export type Resource = Schemas["Resource"];
export type LogLine = Schemas["LogLine"];
export type ConnectionStatus = "pending" | "active" | "degraded" | "revoked" | "suspended" | "closing" | "closed";

/** A connected account. The API's document has a connected assistant under the same name, so its fields stand here. */
export type Connection = {
  id: string;
  provider: string;
  account_id: string;
  account_label: string;
  kind: "app" | "oauth" | "token";
  app_id: string | null;
  scopes: string[];
  status: ConnectionStatus;
  status_reason: string | null;
  status_at: string;
  connected_by: string;
  last_seen_at: string | null;
  expires_at: string | null;
  failures: number;
  limit_total: number | null;
  limit_remaining: number | null;
  limit_reset_at: string | null;
  created_at: string;
};

/** The answer of an operation on one connection. */
const one = (answer: Promise<Answer<unknown>>) => data(answer as Promise<Answer<Connection>>);

const MINUTE = 60_000;
/** The time between two reads of a connection: while it is being disconnected, and else. */
const WHILE_CLOSING = 1_000;
const OTHERWISE = 15_000;
/** So many pages of connections are read at most. */
const PAGES = 5;

const pace = (isClosing: boolean | undefined) => (isClosing ? WHILE_CLOSING : OTHERWISE);

export function useConnectors() {
  return useQuery({
    queryKey: ["connectors"],
    staleTime: MINUTE,
    queryFn: async () => (await data(api.GET("/api/connectors"))).data,
  });
}

/** The connections of the organisation, newest first; those that were disconnected too. */
export function useConnections() {
  return useQuery({
    queryKey: ["connections"],
    staleTime: JUST_READ,
    refetchInterval: ({ state }) => pace(state.data?.some(({ status }) => status === "closing")),
    queryFn: async () => {
      const found: Connection[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < PAGES; page += 1) {
        const read = await data(api.GET("/api/connections", { params: { query: { limit: 200, cursor } } }));
        found.push(...(read.data as unknown as Connection[]));
        cursor = read.next ?? undefined;
        if (!cursor) break;
      }
      return found;
    },
  });
}

export function useConnection(id: string) {
  return useQuery({
    queryKey: ["connection", id],
    refetchInterval: ({ state }) => pace(state.data?.status === "closing"),
    queryFn: () => one(api.GET("/api/connections/{id}", { params: { path: { id } } })),
  });
}

/** Shows a connection as the server has just told it, and reads again what follows from it. */
function useConnectionChanged() {
  const queries = useQueryClient();
  return (changed: Connection) => {
    queries.setQueryData(["connection", changed.id], changed);
    void queries.invalidateQueries({ queryKey: ["connections"] });
    void queries.invalidateQueries({ queryKey: ["list", "connection-log", changed.id] });
    void queries.invalidateQueries({ queryKey: ["list", "connection-resources", changed.id] });
  };
}

/** Reads the log and the resources again with each change of the status: each has a line, and the last one erases the resources. */
export function useListsFollowStatus({ id, status_at }: Connection) {
  const queries = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time of the status tells of a change
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ["list", "connection-log", id] });
    void queries.invalidateQueries({ queryKey: ["list", "connection-resources", id] });
  }, [status_at, id, queries]);
}

/** Begins to connect an account by consent: the browser leaves for the provider's page. */
export function useConsent() {
  const workspace = useWorkspaceId();
  return useMutation({
    mutationFn: async (provider: string) => {
      const body = { workspace, return_to: `/w/${workspace}${paths.connectDone}` };
      const { url } = await data(api.POST("/api/connect/{provider}", { params: { path: { provider } }, body }));
      window.location.assign(url);
    },
    onError: (error) => notDone("The way to the provider did not begin", error),
  });
}

/** Connects an account with a token. */
export function useConnectByToken(provider: string) {
  const changed = useConnectionChanged();
  return useMutation({
    mutationFn: (token: string) =>
      one(api.POST("/api/connect/{provider}/token", { params: { path: { provider } }, body: { token } })),
    onSuccess: changed,
  });
}

export function useCheck(id: string) {
  const changed = useConnectionChanged();
  return useMutation({
    mutationFn: () => one(api.POST("/api/connections/{id}/check", { params: { path: { id } } })),
    onSuccess: changed,
  });
}

export function useDisconnect(id: string) {
  const changed = useConnectionChanged();
  return async () => changed(await one(api.DELETE("/api/connections/{id}", { params: { path: { id } } })));
}

/** The person or the key that connected an account. Keys are listed for owners only. */
export function useConnectedBy(id: string, mayReadKeys: boolean): string {
  const isKey = id.startsWith("key_");
  const members = useQuery({
    queryKey: ["member"],
    enabled: !isKey,
    queryFn: async () => (await data(api.GET("/api/members"))).data,
  });
  const keys = useQuery({
    queryKey: ["key"],
    enabled: isKey && mayReadKeys,
    queryFn: async () => (await data(api.GET("/api/keys"))).data,
  });
  if (isKey) {
    const name = keys.data?.find((key) => key.id === id)?.name;
    return name ? `the key “${name}”` : "a key";
  }
  if (members.isPending) return "…";
  return members.data?.find((member) => member.id === id)?.email ?? "a former member";
}
