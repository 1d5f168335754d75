// Connected accounts of tools, and the tools that can be connected: what pages read of them, and what they do with them.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { notDone } from "../../../components/ui/toast";
import { type Answer, ApiError, api, data, JUST_READ, type Schemas } from "../../../lib/api";
import { paths } from "../../../lib/paths";
import { useWorkspaceId } from "../../../lib/url";

export type Connector = Schemas["Connector"];
export type TokenField = Schemas["TokenField"];
export type Resource = Schemas["ResourceWithSources"];
export type ConnectionData = Schemas["ConnectionData"];
export type LogLine = Schemas["LogLine"];
export type ConnectionStatus = Schemas["ConnectionStatus"];
export type Connection = Schemas["ToolConnection"];
/** A connection with the permissions that it lacks, as it is read. */
export type ListedConnection = Schemas["ConnectionView"];

/** The answer of an operation on one connection. */
const one = (answer: Promise<Answer<Connection>>) => data(answer);

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
        found.push(...read.data);
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
    queryFn: () => data(api.GET("/api/connections/{id}", { params: { path: { id } } })),
  });
}

/** Shows a connection as the server has just told it, and reads again what follows from it. */
function useConnectionChanged() {
  const queries = useQueryClient();
  return (changed: Connection) => {
    // Only a read tells the permissions that it lacks.
    queries.setQueryData<ListedConnection>(["connection", changed.id], (known) =>
      known ? { ...known, ...changed } : undefined,
    );
    void queries.invalidateQueries({ queryKey: ["connection", changed.id] });
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

/** The workspace from which a person leaves for a provider, and the page to which they come back. */
export function useReturn() {
  const workspace = useWorkspaceId();
  return { workspace, return_to: `/w/${workspace}${paths.connectDone}` };
}

/** Begins to connect an account at the provider, by consent or by installing the app there: the browser leaves for the page. */
export function useConsent() {
  const body = useReturn();
  return useMutation({
    mutationFn: async (provider: string) => {
      const { url } = await data(api.POST("/api/connect/{provider}", { params: { path: { provider } }, body }));
      window.location.assign(url);
    },
    onError: (error) => notDone("The way to the provider did not begin", new Error(consentFault(error))),
  });
}

/** The reason why the way to a provider did not begin. */
function consentFault(error: Error): string {
  switch (error instanceof ApiError ? error.status : 0) {
    case 403:
      return "Only owners and managers connect tools.";
    case 429:
      return "You have begun too often. Try again in ten minutes.";
    default:
      return error.message;
  }
}

/** Connects an account with a token. */
export function useConnectByToken(provider: string) {
  const changed = useConnectionChanged();
  return useMutation({
    mutationFn: (body: { token: string; fields: Record<string, string> }) =>
      one(api.POST("/api/connect/{provider}/token", { params: { path: { provider } }, body })),
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

/** The wishes of a person who disconnects an account. */
export type Wishes = { delete_data?: boolean; uninstall?: boolean };

export function useDisconnect(id: string) {
  const changed = useConnectionChanged();
  return async (query: Wishes) =>
    changed(await one(api.DELETE("/api/connections/{id}", { params: { path: { id }, query } })));
}

/** The amount of data that an account has brought; it is read when somebody is about to disconnect it. */
export function useConnectionData(id: string, isWanted: boolean) {
  return useQuery({
    queryKey: ["connection", id, "data"],
    enabled: isWanted,
    queryFn: () => data(api.GET("/api/connections/{id}/data", { params: { path: { id } } })),
  });
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
