// Clusters as the API has them, and the words about them.

import { useQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../lib/api";
import type { Tone } from "../ui/tones";

export type Cluster = Schemas["Cluster"];
export type ClusterStatus = Schemas["ClusterStatus"];

/** Assignment and summaries follow some seconds after an observation, and nothing tells of them. */
const AGAIN = 10_000;
/** The observations of a cluster that are read at once. */
const MOST = 200;

export const STATUSES: { value: ClusterStatus; title: string; tone: Tone }[] = [
  { value: "active", title: "Active", tone: "info" },
  { value: "completed", title: "Completed", tone: "good" },
  { value: "stalled", title: "Stalled", tone: "warn" },
];

export const statusOf = (status: ClusterStatus) => STATUSES.find(({ value }) => value === status) ?? STATUSES[0];

/** A cluster with its newest observations. */
export const useCluster = (id: string) =>
  useQuery({
    queryKey: ["observation", "cluster", id],
    queryFn: () => data(api.GET("/api/clusters/{id}", { params: { path: { id }, query: { limit: MOST } } })),
    refetchInterval: AGAIN,
  });

export const counted = (count: number, noun: string) =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
