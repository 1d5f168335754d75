// Since when and why an endpoint is disabled, as the activity trail has it.

import { useQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../lib/api";
import { asText } from "../../lib/json";
import { useWebhooks } from "./context";

type Activity = Schemas["PageView_Activity"]["data"][number];

/** Without a reason it was done by hand. */
export type Disabling = { at: string; reason?: string };

/** The change that has disabled an endpoint, among the changes of it, newest first. */
export function disablingOf(changes: Pick<Activity, "action" | "at" | "metadata">[]): Disabling | undefined {
  let found: Disabling | undefined;
  for (const { action, at, metadata } of changes) {
    if (action === "endpoint.disabled") return { at, reason: asText(metadata.reason) };
    // Its secret and headers may have been changed since.
    if (metadata.disabled === true) found = { at };
    if (metadata.disabled === false || action === "endpoint.created") return found;
  }
  // The change itself is no longer in the trail.
  return undefined;
}

/** Known to members; whoever holds a portal's link does not read the organisation's trail. */
export function useDisabling(endpoint: string): Disabling | undefined {
  const { app, host } = useWebhooks();
  const trail = useQuery({
    queryKey: ["webhooks", app, "trail", endpoint],
    enabled: host === "console",
    queryFn: async () => {
      const query = { subject: endpoint, action: "endpoint", limit: 200 };
      return (await data(api.GET("/api/activity", { params: { query } }))).data;
    },
  });
  return trail.data && disablingOf(trail.data);
}
