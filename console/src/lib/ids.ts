// Ids say of what they are: where the thing of a pasted one is seen.

import { paths } from "./paths";

const PLACES: [prefix: RegExp, title: string, to: (id: string) => string][] = [
  [/^obs_/, "Observation", paths.observation],
  [/^cl_/, "Cluster", paths.cluster],
  [/^doc_/, "Document", paths.document],
  [/^dlv_/, "Delivery", (id) => `${paths.deliveries}?open=${id}`],
  [/^run_/, "Run", paths.run],
  [/^src_/, "Source", paths.source],
  [/^con_/, "Connection", paths.connection],
  [/^app_/, "Application", paths.application],
];

export function placeOf(id: string): { title: string; to: string } | undefined {
  const place = PLACES.find(([prefix]) => prefix.test(id));
  return place && { title: place[1], to: place[2](id) };
}
